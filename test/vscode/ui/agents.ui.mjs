// Agents in the editor as a person has them: the real Codex over a planned model is spawned, asked for, answered by
// clicks, looked at and stopped.

/* global before, after, afterEach, it */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createPlace, describeWorkbench, openWorkbench } from './workbench.mjs';

const plannedCodex = fileURLToPath(
  new URL('../../../out/test/vscode/plannedCodex.cjs', import.meta.url),
);
const plan = (steps) => `PLAN ${JSON.stringify(steps)}`;
const shell = (cmd, more = {}) => ({
  call: 'exec_command',
  args: { cmd, yield_time_ms: 30_000, ...more },
});
const outside = (cmd) =>
  shell(cmd, { sandbox_permissions: 'require_escalated', justification: 'It must be so.' });
const patch = {
  custom: 'apply_patch',
  input: '*** Begin Patch\n*** Add File: notes.txt\n+By the agent.\n*** End Patch',
};

/** A program that stays until its input ends. */
async function startCodex(folder) {
  const child = spawn(process.execPath, [plannedCodex, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { ...JSON.parse(line), stop: () => child.stdin.end() };
  }
  throw new Error('The planned model did not start.');
}

describeWorkbench('agents in the workbench', () => {
  let place;
  let codex;
  let workbench;
  let page;
  let granted;

  before(async function () {
    place = await createPlace();
    const folder = path.dirname(place.home);
    codex = await startCodex(folder);
    if (codex.program === null) {
      assert.equal(process.env.CI ?? '', '', 'The Codex CLI is not installed, and CI is set.');
      return this.skip();
    }
    granted = path.join(folder, 'granted');
    await mkdir(granted);
    const git = (...args) => execFileSync('git', args, { cwd: place.workspace });
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.email', 'a@example.com');
    git('config', 'user.name', 'A');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'first');
    const env = {
      RLM_CODEX: codex.program,
      PLANNED_TEST_KEY: codex.key,
      CODEX_HOME: path.join(folder, 'no-login'),
    };
    workbench = await openWorkbench(place, { env });
    page = workbench.page;
    await workbench.showSessions();
  });

  after(async () => {
    await workbench?.dispose();
    codex?.stop();
    await place?.dispose();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench?.shoot(`failure-agents-${this.currentTest.title.slice(0, 30)}`);
    }
  });

  const start = async (steps) => {
    await workbench.run('RLM: New Agent…');
    await workbench.pick('generalist');
    await workbench.quickInput.input.and(page.getByPlaceholder('Mend the failing test')).waitFor();
    await workbench.answer(plan(steps));
    await workbench.pick('A git worktree');
    await workbench.viewer.locator('h1').filter({ hasText: 'PLAN' }).waitFor();
  };

  it('are spawned from the palette, and wait for an answer in view', async () => {
    const file = path.join(granted, 'one.txt');
    await start([patch, outside(`echo yes > ${file}`), { say: 'All is done.' }]);
    const { viewer } = workbench;
    const asked = viewer.getByRole('region', { name: 'Approvals that wait for you' });
    await asked.getByText(`echo yes > ${file}`).first().waitFor();
    await workbench.row('1 waits for you').waitFor();
    await page
      .locator('.part.statusbar [id*="rlm.agents"]', { hasText: '1 waits for you' })
      .waitFor();
    await workbench.shoot('agent-waits');
    assert.equal(existsSync(file), false);
  });

  it('go on when they are approved by a click', async () => {
    const { viewer } = workbench;
    await viewer.getByRole('button', { name: 'Approve', exact: true }).click();
    await viewer.locator('.status').filter({ hasText: 'Completed' }).waitFor();
    await viewer.getByRole('option', { name: /^Agent: All is done/u }).waitFor();
    assert.equal(existsSync(path.join(granted, 'one.txt')), true);
    assert.equal(existsSync(path.join(place.workspace, 'notes.txt')), false);
    await workbench.shoot('agent-done');
  });

  it('show what they have changed, which is accepted and merged back once it was looked at', async () => {
    await workbench.viewer.getByRole('button', { name: 'Show changes' }).click();
    await page.locator('.tab', { hasText: 'Changes of' }).waitFor();
    await page.locator('.multiDiffEntry .view-line', { hasText: 'By the agent.' }).waitFor();
    await workbench.shoot('agent-changes');
    const choose = async (title) => {
      await workbench.run(title);
      await workbench.pick('PLAN');
    };
    await choose('RLM: Accept Changes of Agent…');
    await workbench.answer('Notes by the agent');
    await workbench.findMessage('Committed on rlm/generalist');
    await choose('RLM: Merge Back Branch of Agent…');
    await workbench.dialog.getByText('+ notes.txt').waitFor();
    assert.equal(existsSync(path.join(place.workspace, 'notes.txt')), false);
    await workbench.press('Merge');
    await page.locator('.part.statusbar', { hasText: 'Merged rlm/generalist' }).waitFor();
    assert.equal(existsSync(path.join(place.workspace, 'notes.txt')), true);
  });

  it('are declined from the tree, where all of what is asked is shown first', async () => {
    const file = path.join(granted, 'two.txt');
    await start([outside(`echo no > ${file}`), { say: 'I leave it.' }]);
    const row = workbench.row('1 waits for you');
    await row.waitFor();
    await row.click({ button: 'right' });
    await workbench.choose('Decline…');
    await workbench.dialog.getByText(`echo no > ${file}`).waitFor();
    await workbench.press('Decline');
    await workbench.viewer.locator('.status').filter({ hasText: 'Completed' }).waitFor();
    assert.equal(existsSync(file), false);
  });

  it('are stopped once that is confirmed', async () => {
    await start([shell('sleep 300'), { say: 'Never.' }]);
    await workbench.viewer
      .getByRole('option', { name: /^Command · Running: sleep 300/u })
      .waitFor();
    await workbench.viewer.getByRole('button', { name: 'Stop', exact: true }).click();
    await workbench.press('Stop');
    await workbench.viewer.locator('.status').filter({ hasText: 'Terminated' }).waitFor();
  });
});
