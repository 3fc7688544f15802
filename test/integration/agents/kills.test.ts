// Agents whose engine, Codex or command is killed at a random moment: nothing is lost, and nothing runs on.

import assert from 'node:assert/strict';
import { requireCodex } from '../../support/codex';
import { AgentKilling, agentKillKinds } from '../../support/agentKilling';
import { startPlannedModel } from '../../support/plannedModel';
import { hasProcessTree } from '../../support/processTree';
import { createRandom, readSeed } from '../../support/random';
import { useTempFolder } from '../../support/tempFolder';

describe('agents that are killed', function () {
  this.timeout(180_000);
  const folder = useTempFolder();

  it('lose no commit and no file, and leave no process and no worktree that nobody knows', async function () {
    if (!hasProcessTree) {
      this.skip();
    }
    const codex = await requireCodex(this);
    const model = await startPlannedModel();
    const random = createRandom(readSeed());
    const killing = new AgentKilling({ folder: folder(), codex, model, random });
    try {
      await killing.open();
      for (const kind of agentKillKinds) {
        await killing.round(kind);
      }
      const nothing = { lostCommits: [], lostFiles: [], orphanWorktrees: [], orphanProcesses: [] };
      assert.deepStrictEqual(
        await killing.report(),
        { ...nothing, unended: [] },
        `seed ${random.seed}`,
      );
      assert.ok(killing.commits.length > 0 && killing.patched > 0, 'there was nothing to lose');
      assert.deepStrictEqual(await killing.clean(), []);
    } finally {
      await killing.close();
      await model.close();
    }
  });
});
