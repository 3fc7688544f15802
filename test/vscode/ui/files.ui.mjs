// Files of sandboxes and the choice of a backend, with clicks and keys, in light, dark and high contrast.

/* global before, after, afterEach, it */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { connectAgent, createPlace, describeWorkbench, openWorkbench } from './workbench.mjs';

const setup = [
  'import os',
  'os.makedirs("results/by day")',
  'open("results/by day/2026-07-14.csv", "w").write("hour,errors\\n9,41\\n")',
  'open("results/report.md", "w").write("# Errors\\n\\n41 in all.\\n")',
  'open("summary.json", "w").write(\'{"errors": 41}\\n\')',
  'open("two\\nlines \\u202egpj.exe", "w").write("x")',
  'open("data.bin", "wb").write(bytes(range(256)) * 40)',
].join('\n');

describeWorkbench('files of sandboxes in the workbench', () => {
  let place;
  let workbench;
  let page;
  let agent;

  before(async () => {
    place = await createPlace();
    workbench = await openWorkbench(place);
    page = workbench.page;
    await workbench.showSessions();
    await workbench.run('RLM: Copy MCP Endpoint');
    agent = await connectAgent(place.home);
    await agent.call('sandbox_exec_stateful', { code: setup });
    const row = workbench.row('Scratch');
    await row.locator('.monaco-tl-twistie').click();
    await workbench.row(/^Files$/u).click();
    await workbench.row('summary.json').waitFor();
  });

  after(async () => {
    await agent?.close();
    await workbench?.dispose();
    await place?.dispose();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.shoot(`failure-files-${this.currentTest.title.slice(0, 30)}`);
    }
  });

  const choose = async (row, item) => {
    await row.click({ button: 'right' });
    await workbench.choose(item);
  };

  it('stand below their session, and open as texts', async () => {
    await workbench.row('results').click();
    await workbench.row('by day').waitFor();
    await workbench.row('report.md').click();
    await page.locator('.tab').filter({ hasText: 'report.md' }).waitFor();
    await page.locator('.view-line').filter({ hasText: '41 in all.' }).waitFor();
    await workbench.shoot('files');
    const label = await workbench.row('report.md').getAttribute('aria-label');
    assert.match(label, /^report\.md, file, 21 B/u);
    await workbench.row('summary.json').click();
    await page.locator('.view-line').filter({ hasText: '"errors": 41' }).waitFor();
  });

  it('follow the session while they are open', async () => {
    const code = 'open("summary.json", "w").write("changed by code") and None';
    await agent.call('sandbox_exec_stateful', { code });
    await page.locator('.view-line').filter({ hasText: 'changed by code' }).waitFor();
    const running = agent.call('sandbox_exec_stateful', { code: 'import time; time.sleep(6)' });
    await workbench.row('As they were before the step').waitFor();
    await workbench.shoot('files-running');
    await running;
    await workbench.row('As they were before the step').waitFor({ state: 'hidden' });
  });

  it('that are no text are told apart', async () => {
    await workbench.row('data.bin').click();
    await page.getByText('either binary or uses an unsupported text encoding').waitFor();
    await workbench.shoot('files-binary');
  });

  it('leave backends to choose among, with what stands for each', async () => {
    await workbench.run('RLM: Choose Backend…');
    const { rows } = workbench.quickInput;
    await rows.filter({ hasText: /wasm · works · current/u }).waitFor();
    await rows.filter({ hasText: /daytona · does not work/u }).waitFor();
    await workbench.shoot('backends');
    await workbench.pick('daytona · does not work');
    await workbench.dialog.getByText('does not work here now').waitFor();
    await workbench.shoot('backend-warning');
    await workbench.press('Cancel');
    await rows.filter({ hasText: /^Set API Key…/u }).waitFor();
    await workbench.dismiss();
  });

  for (const [name, theme] of [
    ['light', 'Default Light Modern'],
    ['high-contrast', 'Default High Contrast'],
  ]) {
    it(`are whole in a ${name} theme`, async () => {
      await workbench.run('Preferences: Color Theme');
      await workbench.answer(theme.replace('Default ', ''));
      await workbench.showSessions();
      await workbench.shoot(`files-${name}`);
      await workbench.run('RLM: Choose Backend…');
      await workbench.quickInput.rows.filter({ hasText: /wasm · works/u }).waitFor();
      await workbench.shoot(`backends-${name}`);
      await workbench.dismiss();
    });
  }

  it('are saved where the person says', async () => {
    await choose(workbench.row('summary.json'), 'Save File As…');
    await workbench.saveFile();
    const target = path.join(place.workspace, 'summary.json');
    await page.locator('.part.statusbar').getByText('Saved summary.json').waitFor();
    assert.equal(await readFile(target, 'utf8'), 'changed by code');
  });
});
