// The extension as its users meet it: every screen is used with clicks and keys, and photographed.

/* global before, after, afterEach, it */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  connectAgent,
  createPlace,
  describeWorkbench,
  openWorkbench,
  startAgent,
} from './workbench.mjs';

const countErrors = [
  'hits = grep("ERROR", max_matches=10_000)',
  'from collections import Counter',
  'by_day = Counter(hit.line_text[:10] for hit in hits)',
  'print(len(hits), "errors")',
  'by_day',
].join('\n');
const furtherWork = [
  'days = sorted(by_day)\nworst = max(days, key=by_day.get)\nworst, by_day[worst]',
  'by_hour = Counter(hit.line_text[11:13] for hit in hits)\nby_hour.most_common(3)',
  'orders = [int(hit.line_text.rsplit("=", 1)[1]) for hit in hits]\nmin(orders), max(orders)',
  'report = {"errors": len(hits), "worst": worst, "first": hits[0].line}\nreport',
];
const failing = 'total = 0\nfor line in context.splitlines()[:10]:\n    total += int(line)\n';
const hostile = '<img src=x onerror=alert(1)>$(trash)[x](command:rlm.showLog)';

describeWorkbench('the extension in the workbench', () => {
  let place;
  let workbench;
  let page;
  let agent;
  let sessionId;

  before(async () => {
    place = await createPlace();
    workbench = await openWorkbench(place);
    page = workbench.page;
    page.on('dialog', () => assert.fail('a script of a trace has run'));
  });

  after(async () => {
    await agent?.close();
    await workbench?.dispose();
    await place?.dispose();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.shoot(`failure-${this.currentTest.title.slice(0, 40)}`);
    }
  });

  it('says what to do while there is no session', async () => {
    await workbench.showSessions();
    await page.locator('.welcome-view-content').getByText('New Session from Files…').waitFor();
    await workbench.shoot('empty');
  });

  it('opens a session over a file that is picked, and shows its trace', async () => {
    await page.locator('.welcome-view-content').getByText('New Session from Files…').click();
    await workbench.chooseFile(path.join(place.workspace, 'logs/server.log'), 'Open Session');
    await workbench.viewer.locator('h1').filter({ hasText: 'server.log' }).waitFor();
    await workbench.row('server.log').waitFor();
    await workbench.row('Active').waitFor();
  });

  it('runs code from a scratch editor', async () => {
    await workbench.run('RLM: Run Code in a Session…');
    await page
      .locator('.monaco-editor .view-line')
      .filter({ hasText: 'runs in its session' })
      .click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText(countErrors);
    await page.keyboard.press('Control+Enter');
    await workbench.viewer.getByText('41 errors').waitFor();
    await workbench.shoot('trace');
  });

  it('tells how full the window’s session is, in badge and status bar', async () => {
    const status = page.locator('.part.statusbar [id*="rlm.session"]');
    await status.filter({ hasText: 'RLM 1/64' }).waitFor();
    await page
      .locator('.part.activitybar .badge-content')
      .filter({ hasText: '1' })
      .first()
      .waitFor();
  });

  it('connects Copilot CLI to this window’s engine, once it is confirmed', async () => {
    await workbench.run('RLM: Connect Copilot CLI');
    await workbench.press('Add');
    await page.locator('.tab').filter({ hasText: 'mcp-config.json' }).waitFor();
    const file = path.join(place.copilotHome, 'mcp-config.json');
    const { mcpServers } = JSON.parse(await readFile(file, 'utf8'));
    const copilot = await startAgent(mcpServers.rlm);
    try {
      const { sessions } = await copilot.call('rlm_list_sessions', { status: 'active' });
      const session_id = sessions[0]?.session_id ?? '';
      const found = await copilot.call('rlm_get_var', { session_id, var_name: 'by_day' });
      assert.deepStrictEqual([sessions.length, found.name], [1, 'by_day']);
    } finally {
      await copilot.close();
    }
  });

  it('shows an agent’s steps as they happen', async () => {
    await workbench.run('View: Close All Editors');
    await workbench.press("Don't Save");
    await workbench.run('RLM: Copy MCP Endpoint');
    agent = await connectAgent(place.home);
    const opened = await agent.call('rlm_init_context', {
      context_paths: [path.join(place.workspace, 'logs/server.log')],
      title: 'Which payments timed out, and when?',
      config: { max_steps: 30 },
    });
    sessionId = opened.session_id;
    await workbench.row('Which payments timed out').click();
    await workbench.viewer.locator('h1').filter({ hasText: 'Which payments' }).waitFor();
    for (const [index, code] of [countErrors, ...furtherWork].entries()) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code });
      const row = workbench.viewer.getByRole('option', { name: `Step ${index + 1}, OK` });
      await row.filter({ hasText: code.split('\n')[0] }).waitFor();
    }
  });

  it('marks a step that failed at its line', async () => {
    await agent.call('rlm_run_repl', { session_id: sessionId, code: failing });
    const viewer = workbench.viewer;
    await viewer.locator('.row').filter({ hasText: 'ValueError' }).first().click();
    await viewer.locator('.code-line[data-failing]').filter({ hasText: 'int(line)' }).waitFor();
    await workbench.shoot('failed');
  });

  it('leads from what was found to its place in the file', async () => {
    await agent.call('rlm_run_repl', { session_id: sessionId, code: 'hits[1]' });
    await workbench.viewer.locator('.row').filter({ hasText: 'hits[1]' }).click();
    await workbench.viewer.getByRole('link', { name: 'Span(start=39802' }).click();
    await page
      .locator('.part.statusbar')
      .getByText(/Ln 998, Col 2[16] \(5 selected\)/u)
      .waitFor();
    await workbench.run('View: Close Editor');
  });

  it('moves while a step runs, and stops it by a click in the tree', async () => {
    const code = 'import time\nfor _ in range(200):\n    time.sleep(0.1)\n';
    const running = agent.call('rlm_run_repl', { session_id: sessionId, code });
    await page.locator('.part.statusbar [id*="rlm.session"] .codicon-loading').waitFor();
    await workbench.shoot('live');
    const row = workbench.row('Which payments timed out');
    await row.hover();
    await row.locator('.action-label[aria-label="Stop Session"]').click();
    assert.equal((await running).interrupted, 'cancelled');
    await workbench.row('Stopped').waitFor();
    const refused = await agent.call('rlm_run_repl', { session_id: sessionId, code: '1' });
    assert.equal(refused.error.code, 'GUARDRAIL_STOPPED');
  });

  it('opens a session’s guardrails, variables and steps in the tree', async () => {
    await workbench.row('Stopped').click();
    const row = workbench.row('Which payments timed out');
    await row.waitFor();
    await row.locator('.monaco-tl-twistie').click();
    for (const name of ['Guardrails', 'Variables', 'Latest steps']) {
      await workbench.row(name).click();
    }
    await workbench.row('by_day').waitFor();
    await workbench.row('Step 8').locator('.codicon-circle-slash').waitFor();
    await workbench.row('Step 6').locator('.codicon-error').waitFor();
    await workbench.shoot('details');
    await row.locator('.monaco-tl-twistie').click();
  });

  it('finalizes a session from a variable, by the palette', async () => {
    await workbench.row('Which payments timed out').click();
    await workbench.run('RLM: Finalize Session…');
    await workbench.quickInput.rows.filter({ hasText: 'Write the answer' }).waitFor();
    await workbench.shoot('finalize');
    await workbench.pick('by_day');
    await workbench.row('Finalized').waitFor();
    await workbench.viewer.locator('.status').filter({ hasText: 'Finalized' }).waitFor();
  });

  it('shows hostile titles, values and output as text, and runs nothing of them', async () => {
    const opened = await agent.call('rlm_init_context', { context_text: hostile, title: hostile });
    const code = `print(context)\nvalue = context\nraise ValueError(context)`;
    await agent.call('rlm_run_repl', { session_id: opened.session_id, code });
    await workbench.row('<img src=x').click();
    await workbench.viewer.locator('h1').filter({ hasText: '<img src=x' }).waitFor();
    await workbench.viewer.locator('.row[data-kind="step"]').first().click();
    await workbench.shoot('hostile');
    assert.equal(await page.locator('.sidebar .monaco-list-row .codicon-trash:visible').count(), 0);
    assert.equal(await workbench.viewer.locator('img').count(), 0);
    await agent.call('rlm_finalize', { session_id: opened.session_id, final_text: hostile });
  });

  it('opens a trace by its link, at a step', async () => {
    await workbench.run('Developer: Open URL');
    await workbench.answer(`code-oss://rlm-companion.rlm-companion/trace/${sessionId}?step=1`);
    await workbench.press('Open');
    const selected = workbench.viewer.locator('.row[aria-selected="true"]');
    await selected.filter({ hasText: 'hits = grep' }).waitFor();
  });

  it('has the trace open again after the window was loaded anew', async () => {
    await page.reload();
    await page.locator('.tab').filter({ hasText: 'RLM: Which payments' }).waitFor();
    await page.locator('.tab').filter({ hasText: 'RLM: Which payments' }).click();
    await workbench.viewer.locator('.row[data-kind="step"]').first().waitFor();
    await workbench.shoot('restored');
  });

  it('resumes a session that was closed, with its variables', async () => {
    await workbench.showSessions();
    await workbench.row('Closed').click();
    const row = workbench.row('logs/server.log');
    await row.hover();
    await row.locator('.action-label[aria-label="Resume Session"]').click();
    await workbench.row('Active').waitFor();
    await row.click();
    await workbench.viewer.getByRole('button', { name: 'Stop' }).waitFor();
    await workbench.viewer.getByRole('tab', { name: 'Variables' }).click();
    const variables = workbench.viewer.getByText('by_day', { exact: true });
    await variables.filter({ visible: true }).first().waitFor();
    await workbench.shoot('variables');
  });

  it('exports a trace as a page that needs nothing else', async () => {
    await page.locator('.editor-actions .action-label[aria-label^="Export Trace"]').first().click();
    await workbench.pick('HTML');
    await workbench.saveFile();
    await workbench.run('Notifications: Show Notifications'); // an editor under test raises none
    const message = page.locator('.notification-list-item', { hasText: /Exported rlm-.*\.html/u });
    await message.getByRole('button', { name: 'Reveal' }).click();
    await page
      .locator('.explorer-viewlet .monaco-list-row.selected', { hasText: '.html' })
      .waitFor();
    const names = await readdir(place.workspace);
    const file = names.find((name) => name.endsWith('.html')) ?? '';
    const text = await readFile(path.join(place.workspace, file), 'utf8');
    assert.match(text, /by_day/u);
  });

  it('opens a session over a file by the explorer’s menu', async () => {
    await workbench.run('Explorer: Focus on Folders View');
    const file = page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'README.md' });
    await file.click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'RLM', exact: true }).hover();
    await workbench.choose('New Session from Files…');
    await workbench.viewer.locator('h1').filter({ hasText: 'README.md' }).waitFor();
    await workbench.run('View: Close Editor');
  });

  it('offers its agent, its prompt and its skill to the chat', async () => {
    for (const [command, name] of [
      ['Chat: Configure Skills', 'rlm'],
      ['Chat: Configure Prompt Files', 'rlm'],
    ]) {
      await workbench.run(command);
      await workbench.quickInput.rows.filter({ hasText: name }).first().waitFor();
      await workbench.dismiss();
    }
    await workbench.run('Chat: Configure Custom Agents');
    await page.getByText('Answers questions over logs, data, books').first().waitFor();
    await workbench.shoot('agent');
    await page.locator('.monaco-modal-editor-block .codicon-close').first().click();
  });

  it('filters the tree by words', async () => {
    await workbench.showSessions();
    await workbench.run('RLM: Filter Sessions…');
    await workbench.answer('payments');
    await workbench.row('Which payments timed out').waitFor();
    await workbench.run('RLM: Filter Sessions…');
    await workbench.answer('no such session');
    await page.locator('.welcome-view-content').getByText('Clear Filter').click();
    await workbench.row('Finalized').waitFor();
  });

  it('deletes all that is selected once it is confirmed, and only then', async () => {
    await place.runElsewhere(failing);
    await place.runElsewhere(failing);
    await workbench.row('Closed').filter({ hasText: '2' }).click();
    const rows = page
      .locator('.sidebar .monaco-list-row')
      .filter({ has: page.locator('.codicon-circle-large-outline') });
    await rows.nth(1).waitFor();
    const before = await readdir(path.join(place.home, 'sessions'));
    await rows.nth(0).click({ modifiers: ['ControlOrMeta'] });
    await rows.nth(1).click({ modifiers: ['Shift'] });
    await page.keyboard.press('Delete');
    await workbench.dialog.filter({ hasText: 'Delete 2 sessions' }).waitFor();
    await workbench.shoot('delete');
    await workbench.press('Cancel');
    assert.deepStrictEqual(await readdir(path.join(place.home, 'sessions')), before);
    await page.keyboard.press('Delete');
    await workbench.dialog.filter({ hasText: 'Delete 2 sessions' }).waitFor();
    await workbench.press('Delete');
    await rows.first().waitFor({ state: 'detached' });
    const left = await readdir(path.join(place.home, 'sessions'));
    assert.equal(left.length, before.length - 2);
  });

  it('offers a walkthrough whose pictures follow the theme', async () => {
    await workbench.run('View: Close Primary Side Bar');
    await workbench.run('Open Walkthrough');
    await workbench.pick('Work on texts that are too long to read');
    const steps = page.locator('.gettingStartedContainer');
    await steps.getByRole('button', { name: 'Choose Files', exact: true }).waitFor(); // its first step has opened
    await steps.getByText('See every step', { exact: true }).first().click();
    await steps.getByText('Show Sessions').waitFor();
    await workbench.shoot('walkthrough');
    await steps.getByText('Show Sessions').click();
    await workbench.row('Finalized').waitFor();
    await steps.locator('.complete[data-done-step-id$="#trace"]').waitFor();
  });
});
