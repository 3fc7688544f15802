// What is on record of agents, and what is in no byte of it.

import path from 'node:path';
import { readAllEvents } from '../../src/cli/traces';
import { createActions, declineAll, findMissing } from '../../test/support/auditedActions';
import { plannedKey } from '../../test/support/agentEngine';
import { findKey } from '../../test/support/keyBytes';
import { run } from '../../test/support/plannedModel';
import { toCount } from '../figure';
import type { AgentCase } from './agentBench';

export const audit: AgentCase = {
  name: 'audit',
  title: 'What an agent did, and what of it is on record',
  async run(bench) {
    const { engine, repository } = await bench.startEngine();
    const agents = bench.pick(5, 1);
    let [count, onRecord] = [0, 0];
    for (let agent = 0; agent < agents; agent += 1) {
      const actions = createActions(40); // more would be beyond the tokens of one agent
      const steps = [...actions.map(({ step }) => step), { say: 'Done.' }];
      const one = await engine.spawn(steps, repository);
      declineAll(one);
      await engine.untilRest([one]);
      const events = [];
      for await (const event of readAllEvents(engine.engine.traces, one.id)) {
        events.push(event);
      }
      count += actions.length;
      onRecord += actions.length - findMissing(actions, events).length;
    }
    const name = `actions on record, of ${count} of which half fail or are refused`;
    return [
      toCount(name, 'actions', onRecord, {
        target: { atLeast: count },
      }),
    ];
  },
};

export const keys: AgentCase = {
  name: 'keys',
  title: 'The key of the model',
  async run(bench) {
    const { engine, repository, folder } = await bench.startEngine();
    const agent = await engine.spawn(
      [
        run('env; cat /proc/self/environ /proc/*/environ /proc/*/cmdline 2>/dev/null; true'),
        run('cat ~/.codex/* ../../*/* ../../../codex/*.toml 2>/dev/null; true'),
        { say: 'Done.' },
      ],
      repository,
    );
    await engine.untilRest([agent]);
    await agent.trace.settle();
    const { bytes, files, hits } = await findKey(path.join(folder, 'home'), plannedKey, {
      // What an agent was told to write into its own files is its work, and no record.
      leavesOut: ['worktrees'],
    });
    return [
      toCount('bytes of the home looked through', 'MB', bytes / 1e6),
      toCount(
        `of ${files} files with the key in them, as it is, in base64 or percent-encoded`,
        'files',
        hits.length,
        {
          target: { atMost: 0 },
        },
      ),
    ];
  },
};
