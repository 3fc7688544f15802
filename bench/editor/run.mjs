// `npm run bench:editor [-- --quick]`: how quick the packaged extension is in a real VS Code, by the
// editor's own figure and by what is on the screen. A full run rewrites the findings in README.md here.

/* global MutationObserver, document, performance, requestAnimationFrame, window */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { installBrowser, installEditor } from '../../.ci/installEditor.mjs';
import { connectAgent, createPlace, openWorkbench } from '../../test/vscode/ui/workbench.mjs';

const require = createRequire(import.meta.url);
const { toCount, toFigure } = require('../../out/bench/figure.cjs');
const { describeComputer, readLoad } = require('../../out/bench/machine.cjs');
const { toSpread } = require('../../out/bench/measure.cjs');
const report = require('../../out/bench/report.cjs');

const readme = fileURLToPath(new URL('README.md', import.meta.url));
const vsix = new URL('../../out/rlm-companion.vsix', import.meta.url);
const isQuick = process.argv.includes('--quick');
const windows = isQuick ? 2 : 9;
const steps = isQuick ? 10 : 60;
const sessions = 5_000;

async function measureActivation() {
  const samples = [];
  for (let left = windows; left > 0; left -= 1) {
    await inWorkbench({}, async (workbench) => {
      await workbench.showSessions();
      await workbench.run('Developer: Show Running Extensions');
      const rows = workbench.page.locator('.runtime-extensions-editor .monaco-list-row');
      const row = rows.filter({ hasText: 'RLM' }).first();
      await rows.first().hover();
      for (let turns = 0; turns < 20 && (await row.count()) === 0; turns += 1) {
        await workbench.page.mouse.wheel(0, 300); // the list holds only the rows in sight
        await workbench.page.waitForTimeout(100);
      }
      const text = await row.innerText();
      samples.push(Number(/Activation:\s*(\d+)\s*ms/u.exec(text)?.[1]));
    });
  }
  const name = 'activation, by the editor’s own figure';
  return [toFigure(name, toSpread(samples), { target: { atMost: 100 } })];
}

async function measureViewer() {
  return inWorkbench({}, async (workbench, place) => {
    const { agent, sessionId } = await openLiveSession(workbench, place);
    const title = workbench.viewer.locator('h1').filter({ hasText: 'Busy' });
    await workbench.row('Busy').click();
    await title.waitFor();
    const body = await workbench.viewer.locator('body').elementHandle();
    await body.evaluate(watchRows, '.row[data-kind="step"]:not([data-tone="running"])');
    const samples = await runSteps(agent, sessionId, body);
    await agent.close();
    const name = 'from a step’s answer to its row in the viewer';
    return [toFigure(name, toSpread(samples), { target: { atMost: 100 } })];
  });
}

async function measureTree() {
  return inWorkbench({ sessions }, async (workbench, place) => {
    const startedAt = Date.now();
    await workbench.showSessions();
    await workbench.row('Interrupted').waitFor();
    const firstRowMs = Date.now() - startedAt;
    const { agent, sessionId } = await openLiveSession(workbench, place);
    await workbench.row('Busy').waitFor();
    const body = await workbench.page.locator('body').elementHandle();
    await body.evaluate(watchRows, '.sidebar .monaco-list-row');
    const samples = await runSteps(agent, sessionId, body);
    await workbench.row('Interrupted').click();
    await workbench.page.locator('.sidebar .monaco-list').hover();
    await body.evaluate(watchFrames);
    for (let turn = 0; turn < steps; turn += 1) {
      await agent.call('rlm_run_repl', { session_id: sessionId, code: `marker_${turn} = 0` });
      await workbench.page.mouse.wheel(0, turn % 2 === 0 ? 2_000 : -2_000);
    }
    const frames = await body.evaluate(() => window.frames_ms);
    await agent.close();
    const among = `among ${sessions.toLocaleString('en')} sessions`;
    return [
      toCount(`the tree’s first row ${among}, from the command on`, 'ms', firstRowMs),
      toFigure(`from a step’s answer to its line ${among}`, toSpread(samples)),
      toFigure(`a frame while scrolling ${among} and an agent works`, toSpread(frames)),
    ];
  });
}

async function inWorkbench({ sessions: count = 0 }, measure) {
  const place = await createPlace();
  try {
    if (count > 0) {
      await place.fill(count);
    }
    const workbench = await openWorkbench(place);
    try {
      return await measure(workbench, place);
    } finally {
      await workbench.dispose();
    }
  } finally {
    await place.dispose();
  }
}

async function openLiveSession(workbench, place) {
  await workbench.showSessions();
  await workbench.run('RLM: Copy MCP Endpoint'); // starts the listener
  const agent = await connectAgent(place.home);
  const opened = await agent.call('rlm_init_context', {
    context_text: 'a',
    title: 'Busy',
    config: { max_steps: 10_000 },
  });
  const sessionId = opened.session_id;
  await agent.call('rlm_run_repl', { session_id: sessionId, code: 'marker_1 = 1' });
  return { agent, sessionId };
}

/** Milliseconds from each answer to the moment that something on the screen tells of its step. */
async function runSteps(agent, sessionId, body) {
  const samples = [];
  for (let step = 2; step < steps + 2; step += 1) {
    const args = { session_id: sessionId, code: `marker_${step} = ${step}` };
    await agent.call('rlm_run_repl', args);
    const answeredAt = Date.now();
    const shownAt = await body.evaluate((_body, number) => window.untilShown(number), step);
    samples.push(Math.max(0, shownAt - answeredAt));
  }
  return samples;
}

/** Runs in the page. A viewer's row shows the step's code, a line of the tree how many steps there are. */
function watchRows(_body, rows) {
  const shownAt = new Map();
  const waiting = new Map();
  const look = () => {
    for (const row of document.querySelectorAll(rows)) {
      const [, marker, count] = /marker_(\d+)|Busy\D*(\d+) step/u.exec(row.textContent ?? '') ?? [];
      const step = Number(marker ?? count);
      if (!Number.isNaN(step) && !shownAt.has(step)) {
        shownAt.set(step, Date.now());
        waiting.get(step)?.(Date.now());
      }
    }
  };
  const what = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document.body, what);
  window.untilShown = (step) =>
    new Promise((resolve) => {
      waiting.set(step, resolve);
      if (shownAt.has(step)) {
        resolve(shownAt.get(step));
      }
    });
}

/** Runs in the page: how long after the one before each frame came. */
function watchFrames() {
  window.frames_ms = [];
  let before = performance.now();
  const count = (now) => {
    window.frames_ms.push(now - before);
    before = now;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}

installBrowser();
await installEditor();
const loadBefore = readLoad();
const { size } = await stat(vsix);
const findings = [
  {
    title: 'The extension in the editor',
    figures: [
      ...(await measureActivation()),
      ...(await measureViewer()),
      ...(await measureTree()),
      toCount('the package', 'MB', size / 1e6, { target: { atMost: 12 } }),
    ],
  },
];
const facts = [
  `${describeComputer()}.`,
  `Load average ${loadBefore} before and ${readLoad()} after the run.`,
  report.toVerdictLine(findings),
].join('\n');
console.log(`${report.toTerminalText(findings)}\n\n${facts}`);
if (!isQuick) {
  const content = `${facts}\n\n${report.toMarkdown(findings)}`;
  const text = await readFile(readme, 'utf8');
  await writeFile(readme, report.replaceBetweenMarkers(text, content));
}
