// An exported page opened from its file in a real browser that has no network.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { TraceEvent } from '../../src/core/event';
import { exportTrace } from '../../src/export/exportTrace';
import { joinPieces, toExported } from '../support/exportedTraces';
import { createDoneAgent, createWaitingAgent, sampleDiff } from '../support/agentTrace';
import { createSampleTrace } from '../support/sampleTrace';
import { useTempFolder } from '../support/tempFolder';
import { createHostileTrace, hostileFields } from './hostileTrace';
import { createLongTrace } from './longTrace';
import { findBrowser } from '../support/findBrowser.mjs';
import { builtViewer, launchBrowser, shotFolder } from './viewerPage';

const sample = createSampleTrace();

describe('exported page', function () {
  const folder = useTempFolder();
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  before(async function () {
    if (findBrowser() === undefined) {
      this.skip();
    }
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
  });

  /** The address of its file. */
  async function write(events: readonly TraceEvent[]): Promise<string> {
    const file = path.join(folder(), 'trace.html');
    await writeFile(file, exportTrace('html', toExported(events), builtViewer));
    return pathToFileURL(file).href;
  }

  async function open(address: string, options: BrowserContextOptions = {}): Promise<void> {
    const viewport = { width: 1200, height: 900 };
    const context = await browser.newContext({ viewport, timezoneId: 'UTC', ...options });
    await context.setOffline(true);
    complaints = [];
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        complaints.push(message.text());
      }
    });
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== address.split('#')[0]) {
        complaints.push(request.url());
      }
    });
    await page.goto(address);
  }

  afterEach(async () => {
    await page.context().close();
    assert.deepStrictEqual(complaints, [], 'the page complained, or asked for something');
  });

  const untilStep = (step: number): Promise<void> =>
    page.getByRole('heading', { name: `Step ${step}`, exact: true }).waitFor();

  async function shoot(name: string): Promise<void> {
    await mkdir(shotFolder, { recursive: true });
    await page.screenshot({ path: path.join(shotFolder, `page-${name}.png`) });
  }

  it('shows what an agent did, and offers no answer to what it waited for', async () => {
    await open(await write(createDoneAgent().events));
    await page.getByRole('option', { name: /^Patch · Done/u }).click();
    const diff = page.locator('#agent-detail .diff');
    assert.equal(await diff.textContent(), `${sampleDiff}\n`);
    await page.context().close();
    await open(await write(createWaitingAgent().events));
    await page.getByText('The agent waits for you').waitFor();
    await page.getByText('The session was still going on when this page was exported.').waitFor();
    for (const name of ['Approve', 'Decline', 'Stop', 'Message…', 'Show changes']) {
      assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
    }
  });

  it('shows steps, finds texts, and offers nothing that needs an editor', async () => {
    await open(await write(sample));
    await untilStep(1);
    await page.getByRole('option', { name: /^Step 2, Error/u }).click();
    await page.locator('.code-line[data-failing]', { hasText: 'path.split' }).waitFor();
    await shoot('light');
    await page.keyboard.press('/');
    await page.keyboard.type('opening connection');
    await page.getByText('4 of 8 steps').waitFor();
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page.getByRole('option', { name: /^by_day, dict/u }).click();
    await page.getByRole('button', { name: 'Copy the recorded preview' }).waitFor();
    await page.getByRole('tab', { name: 'Session' }).click();
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    const buttons = await page.getByRole('button').evaluateAll((all) =>
      // Shown ones alone: the browser's own types are not those of this program.
      (all as unknown as { ariaLabel: string | null; checkVisibility(): boolean }[])
        .filter((button) => button.checkVisibility())
        .map(({ ariaLabel }) => ariaLabel),
    );
    assert.deepStrictEqual(
      buttons.filter((label) => /open|stop|finalize|resume|fork|export/iu.test(label ?? '')),
      [],
    );
  });

  it('goes to the step that its address names, then and later', async () => {
    const address = await write(sample);
    await open(`${address}#step=4`);
    await untilStep(4);
    await page.evaluate('location.hash = "step=7"');
    await untilStep(7);
  });

  it('is dark where the system is, and as the reader chooses from then on', async () => {
    await open(await write(sample), { colorScheme: 'dark' });
    await untilStep(1);
    const readColour = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(await readColour(), 'rgb(31, 31, 31)');
    await shoot('dark');
    await page.getByRole('button', { name: 'Light or dark' }).click();
    assert.equal(await readColour(), 'rgb(255, 255, 255)');
    await page.reload();
    await untilStep(1);
    assert.equal(await readColour(), 'rgb(255, 255, 255)');
  });

  it('prints the chosen step in full, dark on light', async () => {
    await open(await write(sample), { colorScheme: 'dark' });
    await page.getByRole('option', { name: /^Step 5/u }).click();
    await page.emulateMedia({ media: 'print' });
    await shoot('print');
    assert.equal(await page.getByRole('listbox', { name: 'Steps' }).isVisible(), false);
    assert.equal(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(59, 59, 59)');
    const height = await page.evaluate('document.documentElement.scrollHeight');
    assert.ok(Number(height) > 900);
  });

  it('tells the trace as text where scripts may not run', async () => {
    await open(await write(sample), { javaScriptEnabled: false });
    const text = await page.locator('pre').innerText();
    await shoot('without-scripts');
    assert.match(text, /^# Why did checkout latency double[^]*\n### Step 5: OK/u);
  });

  it('shows a long trace as it is read, and ends at its end', async () => {
    await open(await write(createLongTrace(5_000)));
    await page.getByRole('option', { name: /^Step 5000,/u }).waitFor();
    await page.getByText(/^Reading step/u).waitFor({ state: 'hidden' });
    await page.keyboard.press('g');
    await untilStep(1);
    await shoot('long');
  });

  describe('whose file is cut', () => {
    const partOf = (id: string): string => `<script type="application/json" id="${id}"`;
    const places: Readonly<Record<string, (text: string) => number>> = {
      'within a page of events': (text) => text.indexOf('"kind":"step.finished"'),
      'between two pages of events': (text) => text.indexOf(partOf('rlm-events-2')),
      'behind its last event': (text) => text.indexOf(partOf('rlm-end')),
      'before its first event': (text) => text.indexOf(partOf('rlm-events-0')),
    };
    for (const [name, find] of Object.entries(places)) {
      it(`says so: ${name}`, async () => {
        const trace = toExported(createLongTrace(5_000));
        const text = await joinPieces(exportTrace('html', trace, builtViewer));
        assert.ok(find(text) > 0);
        const file = path.join(folder(), 'cut.html');
        await writeFile(file, text.slice(0, find(text)));
        await open(pathToFileURL(file).href);
        await page.getByText('The file of this page is cut').filter({ visible: true }).waitFor();
      });
    }
  });

  it('says that it was made while the session went on, and stands still', async () => {
    const running = sample.slice(0, sample.findIndex(({ step }) => step === 2) + 1);
    await open(await write(running));
    await page.getByText('was still going on when this page was exported').waitFor();
    await page.getByText('This step is running.').waitFor();
  });

  it('shows hostile texts as texts in every field', async () => {
    await open(await write(createHostileTrace()));
    await page.getByRole('option', { name: /^Step 1, Error/u }).click();
    const texts = [await page.locator('#viewer').innerText()];
    await page.getByRole('option', { name: /^Call 2/u }).click();
    await page.getByRole('region', { name: 'Failure' }).waitFor();
    texts.push(await page.locator('#viewer').innerText());
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page.getByRole('option', { name: /^name/u }).click();
    texts.push(await page.locator('#viewer').innerText());
    await page.getByRole('tab', { name: 'Session' }).click();
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    texts.push(await page.locator('#viewer').innerText());
    const all = texts.join('\n').replace('Closed <img', 'closed <img'); // a sentence begins with a capital
    const inPage = hostileFields.filter((field) => field !== 'child'); // a page has no child sessions
    assert.deepStrictEqual(
      inPage.filter((field) => !all.includes(`${field} <img src=x`)),
      [],
    );
    const elements = 'img, iframe, object, embed, #broken-out, svg[onload], body style';
    assert.equal(await page.locator(elements).count(), 0);
    assert.equal(await page.locator('script').count(), 4);
    assert.ok(!all.includes('\u202e'));
  });
});
