// Each profile that ships, from its spawn to its checklist: the real Codex over a planned model.

import assert from 'node:assert/strict';
import { callOk } from '../../support/mcpClient';
import { patch, type PlannedStep, run } from '../../support/plannedModel';
import { type Json, useAgentEngine } from './agentEngine';

const runs: Readonly<Record<string, readonly PlannedStep[]>> = {
  generalist: [run('echo by hand > b.txt'), { say: 'Done.' }],
  code_reviewer: [run('cat a.txt'), { say: 'Findings: a.txt says one.' }],
  data_migration: [
    patch('*** Add File: migrate.sql\n+select 1;\n*** Add File: rollback.sql\n+select 2;'),
    { say: 'Verified: counts are the same.' },
  ],
  test_writer: [
    patch('*** Add File: a.test.txt\n+one'),
    run('true # test'),
    { say: 'Written and run.' },
  ],
};

describe('the profiles that ship', function () {
  this.timeout(120_000);
  const here = useAgentEngine();

  for (const [profile, steps] of Object.entries(runs)) {
    it(`${profile} completes with its whole checklist done`, async () => {
      const { profiles } = await callOk(here().client, 'list_agents', {});
      assert.deepStrictEqual(
        (profiles as Json[]).map(({ profile_id: id }) => id).sort(),
        Object.keys(runs).sort(),
      );
      const { session_id: id } = await here().spawn(steps, { profile_id: profile });
      const args = { session_id: id, wait_ms: 60_000 };
      let read = await callOk(here().client, 'summarize_session', args);
      for (const { approval_id: approval } of read['approvals'] as Json[]) {
        await callOk(here().client, 'approve_agent', {
          ...{ session_id: id, approval_id: approval, decision: 'accept' },
        });
        read = await callOk(here().client, 'summarize_session', args);
      }
      assert.equal(read['status'], 'completed');
      const open = (read['checklist'] as Json[]).filter(({ done }) => done !== true);
      assert.deepStrictEqual(open, []);
      assert.equal(here().git('status', '--porcelain'), '');
    });
  }
});
