// A home with 5,000 sessions: the tree stays quick, live and whole while an agent works.

/* global after, afterEach, before, it, performance, requestAnimationFrame, window */

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
    const startedAt = Date.now();
    await workbench.row('Interrupted').waitFor();
    console.log(`      from the view’s opening to its first row: ${Date.now() - startedAt} ms`);
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
    const delays = [];
    for (let step = 1; step <= 15; step += 1) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code: `n = ${step}` });
      const answeredAt = Date.now();
      await row.filter({ hasText: `${step} step` }).waitFor();
      delays.push(Date.now() - answeredAt);
    }
    const median = delays.toSorted((one, other) => one - other)[7];
    console.log(`      from a step’s answer to its line in the tree: ${median} ms median of 15`);
  });

  it('scrolls while the agent goes on', async () => {
    await page.locator('.sidebar .monaco-list').hover();
    await page.evaluate(countFrames);
    for (let step = 16; step <= 30; step += 1) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code: `n = ${step}` });
      await page.mouse.wheel(0, step % 2 === 0 ? 2_000 : -2_000);
    }
    const { frames, slow } = await page.evaluate(() => window.frameCount);
    console.log(`      ${slow} of ${frames} frames took longer than 100 ms`);
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

/** Runs in the page: counts its frames, and those that came late. */
function countFrames() {
  window.frameCount = { frames: 0, slow: 0 };
  let before = performance.now();
  const count = (now) => {
    window.frameCount.frames += 1;
    window.frameCount.slow += now - before > 100 ? 1 : 0;
    before = now;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}
