// What is on record of an agent: every action, also what was refused or failed at once, and never the key.

import assert from 'node:assert/strict';
import path from 'node:path';
import { AgentEngine, createRepository, plannedKey } from '../../support/agentEngine';
import { createActions, declineAll, findMissing } from '../../support/auditedActions';
import { requireCodex } from '../../support/codex';
import { findKey } from '../../support/keyBytes';
import { type PlannedModel, run, startPlannedModel } from '../../support/plannedModel';
import { useTempFolder } from '../../support/tempFolder';
import { readAllEvents } from '../../../src/cli/traces';

describe('the record of an agent', function () {
  this.timeout(180_000);
  const folder = useTempFolder();
  let model: PlannedModel;
  let engine: AgentEngine;
  let repository: string;

  beforeEach(async function () {
    const codex = await requireCodex(this);
    model = await startPlannedModel();
    repository = await createRepository(path.join(folder(), 'repo'));
    engine = await AgentEngine.start({ folder: folder(), codex, model });
  });

  afterEach(async () => {
    await engine.close();
    await model.close();
  });

  it('has each of 60 actions, of which half fail or are refused', async () => {
    const actions = createActions(60);
    const steps = [...actions.map(({ step }) => step), { say: 'Done.' }];
    const agent = await engine.spawn(steps, repository);
    declineAll(agent);
    await engine.untilRest([agent]);
    const events = [];
    for await (const event of readAllEvents(engine.engine.traces, agent.id)) {
      events.push(event);
    }
    assert.deepStrictEqual(findMissing(actions, events), []);
    assert.deepStrictEqual(
      findMissing([...actions, { step: run('true'), mark: 'absent' }], events),
      ['absent'],
    );
  });

  it('has the key in no byte, whatever its commands look for', async () => {
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
    const home = path.join(folder(), 'home');
    const { hits, files } = await findKey(home, plannedKey, { leavesOut: ['worktrees'] });
    assert.deepStrictEqual([hits, files > 3], [[], true]);
  });
});
