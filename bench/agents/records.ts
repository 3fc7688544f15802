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
    const actions = createActions(bench.pick(200, 40));
    const agent = await engine.spawn(
      [...actions.map(({ step }) => step), { say: 'Done.' }],
      repository,
    );
    declineAll(agent);
    await engine.untilRest([agent]);
    const events = [];
    for await (const event of readAllEvents(engine.engine.traces, agent.id)) {
      events.push(event);
    }
    const missing = findMissing(actions, events);
    const name = `actions on record, of ${actions.length} of which half fail or are refused`;
    return [
      toCount(name, 'actions', actions.length - missing.length, {
        target: { atLeast: actions.length },
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
