// A home with 5,000 sessions: the tree stays quick, live and whole while an agent works.

/* global after, afterEach, before, it */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { connectAgent, createPlace, describeWorkbench, openWorkbench } from './workbench.mjs';

const sessions = 5_000;
const old = sessions / 10;

describeWorkbench('the tree over 5,000 sessions', () => {
  let place;
  let workbench;
  let page;
  let agent;
  let sessionId;

  before(async () => {
    place = await createPlace();
    await place.fill(sessions);
    workbench = await openWorkbench(place);
    page = workbench.page;
  });

  after(async () => {
    await agent?.close();
    await workbench?.dispose();
    await place?.dispose();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.shoot('failure-scale');
    }
  });

  it('shows the newest at once and counts them all', async () => {
    await workbench.showSessions();
    await workbench.row('Interrupted').waitFor();
    await workbench.row('Interrupted').filter({ hasText: '5,000' }).waitFor();
    await workbench.row('Interrupted').click();
    await workbench.row('Session 4999').waitFor();
    await workbench.shoot('many');
  });

  it('shows every step of an agent among them', async () => {
    await workbench.run('RLM: Copy MCP Endpoint');
    agent = await connectAgent(place.home);
    const opened = await agent.call('rlm_init_context', { context_text: 'a', title: 'Busy' });
    sessionId = opened.session_id;
    const row = workbench.row('Busy');
    for (let step = 1; step <= 15; step += 1) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code: `n = ${step}` });
      await row.filter({ hasText: `${step} step` }).waitFor();
    }
  });

  it('scrolls while the agent goes on', async () => {
    await page.locator('.sidebar .monaco-list').hover();
    for (let step = 16; step <= 30; step += 1) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code: `n = ${step}` });
      await page.mouse.wheel(0, step % 2 === 0 ? 2_000 : -2_000);
    }
    await agent.call('rlm_finalize', { session_id: sessionId, final_text: 'done' });
    await page.mouse.wheel(0, -100_000);
    await workbench.row('Interrupted').waitFor();
  });

  it('finds one of them by its words', async () => {
    await workbench.run('RLM: Filter Sessions…');
    await workbench.answer('session refunds');
    await workbench.row('Session 17 over').waitFor();
    await workbench.run('RLM: Clear Filter');
  });

  it('cleans up by age, once it is confirmed', async () => {
    await workbench.run('RLM: Clean Up Sessions…');
    await workbench.pick('Not changed for 365 days');
    await workbench.dialog.filter({ hasText: `Delete ${old} sessions` }).waitFor();
    await workbench.shoot('clean-up');
    await workbench.press('Delete');
    await workbench.row('Interrupted').filter({ hasText: '4,500' }).waitFor();
    const left = await readdir(path.join(place.home, 'sessions'));
    assert.equal(left.length, sessions - old + 1);
  });
});
