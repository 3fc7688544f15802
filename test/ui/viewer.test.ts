// The built viewer in a real browser, used as a person uses it: clicks, keys, and a look at each state.

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { RlmError } from '../../src/core/errors';
import type { ReplSummary, Summary } from '../../src/core/summary';
import translatable from '../../l10n/bundle.l10n.json';
import {
  createContextLoaded,
  createModelAnswered,
  createOpened,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  createStopped,
  foldEvents,
} from '../support/sampleTrace';
import { createRunTrace } from '../support/runTrace';
import type { FakeTrace } from './fakeHost';
import { createHostileChild, createHostileTrace, hostileFields } from './hostileTrace';
import { createLongTrace } from './longTrace';
import {
  type ViewerPage,
  type ViewerPageOptions,
  launchBrowser,
  openViewer,
  themes,
} from './viewerPage';

const sample = createSampleTrace();
const opened = [createOpened(), createContextLoaded()];
const liveUntilStep7 = sample.slice(
  0,
  sample.findIndex((event) => event.kind === 'step.started' && event.step === 7),
);

const { at, step, usage } = liveUntilStep7.at(-1) ?? createOpened();

function createChild(over: Partial<ReplSummary>): Summary {
  const child = foldEvents(sample);
  assert.ok(child && !child.agent);
  return { ...child, sessionId: 'child-session', title: 'Read the deploy list', ...over };
}

/** What a screen reader is told where nothing is written. */
const readNames = `[...document.querySelectorAll('vscode-button, [role=listbox], canvas')].map(
  (one) => one.ariaLabel ?? '',
)`;

/** Both within one frame. */
const pressDownTwice = `for (const key of ['ArrowDown', 'ArrowDown']) {
  document.getElementById('steps').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}`;

describe('trace viewer', () => {
  let browser: Browser;
  let viewer: ViewerPage;

  before(async () => {
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
  });

  async function open(trace: FakeTrace, options?: ViewerPageOptions): Promise<ViewerPage> {
    viewer = await openViewer(browser, trace, options);
    return viewer;
  }

  afterEach(async () => {
    const { complaints } = viewer;
    await viewer.close();
    assert.deepStrictEqual(complaints, [], 'the page or its policy complained');
  });

  const stepTitle = async (): Promise<string> =>
    (await viewer.page.locator('#detail .detail-line h2').textContent()) ?? '';
  const untilStep = (step: number): Promise<void> =>
    viewer.page.getByRole('heading', { name: `Step ${step}`, exact: true }).waitFor();

  for (const theme of themes) {
    it(`shows a failed step in ${theme}`, async () => {
      const { page } = await open({ events: sample }, { theme });
      await page.getByRole('option', { name: /^Step 2, Error/u }).click();
      await page.locator('.code-line[data-failing]', { hasText: 'path.split' }).waitFor();
      assert.equal(
        await page.locator('.code-failure').textContent(),
        'IndexError: list index out of range',
      );
      await viewer.shoot(`failed-step-${theme}`);
    });
  }

  it('speaks the editor’s language', async () => {
    const words = Object.keys(translatable).map((text) => [text, `«${text}»`] as const);
    const { page } = await open({ events: sample }, { words: Object.fromEntries(words) });
    await page.getByRole('option', { name: /^«Step 2», «Error»/u }).click();
    const seen: string[] = [];
    for (const tab of ['«Variables»', '«Session»', '«Steps»']) {
      await page.getByRole('tab', { name: tab }).click();
      const labels = 'h2, h3, th, [role=tab], .gauge-name, .legend li, vscode-checkbox, .keys dd';
      seen.push(...(await page.locator(labels).allTextContents()));
      seen.push(...(await page.evaluate<readonly string[]>(readNames)));
    }
    const known = new Set(words.map(([text]) => text));
    assert.deepStrictEqual(
      seen.filter((text) => known.has(text)),
      [],
    );
    assert.ok(seen.length > 50);
  });

  it('walks through the steps by keys, and tells what each key does', async () => {
    const { page } = await open({ events: sample });
    await untilStep(1);
    for (const [key, step] of [
      ['j', 2],
      ['ArrowDown', 3],
      ['e', 4],
      ['k', 3],
      ['G', 8],
      ['E', 4],
      ['Home', 1],
    ] as const) {
      await page.keyboard.press(key);
      await untilStep(step);
    }
    await page.keyboard.press('?');
    await page
      .getByRole('dialog', { name: 'Keyboard' })
      .getByText('Next error or guardrail stop')
      .waitFor();
    await viewer.shoot('help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('stops at steps alone when the list is walked by keys', async () => {
    const { page, host } = await open({
      events: sample,
      standing: { children: [createChild({})] },
    });
    await page.getByRole('option', { name: /^Step 1,/u }).click();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await untilStep(1);
    await page.keyboard.press('End');
    await untilStep(8);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Home');
    await untilStep(1);
    await page.evaluate(pressDownTwice);
    await untilStep(3);
    assert.deepStrictEqual(host.asked, []);
  });

  it('searches by its key from wherever the user is', async () => {
    const { page } = await open({ events: sample });
    await untilStep(1);
    await page.keyboard.press('2');
    await page.getByRole('textbox', { name: 'Filter variables' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('opening connection');
    await page.getByText('4 of 8 steps').waitFor();
  });

  it('searches in what it is told to, marks what it found, and forgets it by Escape', async () => {
    const { page } = await open({ events: sample });
    await untilStep(1);
    await page.keyboard.press('/');
    await page.keyboard.type('opening connection');
    await page.getByText('4 of 8 steps').waitFor();
    await page.getByRole('combobox', { name: 'Search in' }).click();
    await page.getByRole('option', { name: 'Prompts' }).click();
    await page.getByText('1 of 8 steps').waitFor();
    await page.getByRole('option', { name: /^Step 5/u }).click();
    await page.getByRole('region', { name: 'Step 5' }).waitFor();
    const marked = await page.evaluate('CSS.highlights.get("rlm-search").size');
    assert.ok(Number(marked) > 0);
    await viewer.shoot('search');
    await page.keyboard.press('Escape');
    await page.getByText('1 of 8 steps').waitFor({ state: 'hidden' });
  });

  it('shows sub-model calls with prompt and answer, and says which failed', async () => {
    const { page } = await open({ events: sample });
    await page.getByRole('option', { name: /^Step 5/u }).click();
    await page.getByRole('option', { name: /^Call 3, Failed/u }).click();
    await page
      .getByRole('region', { name: 'Failure' })
      .getByText('did not answer within 60 s')
      .waitFor();
    await page.keyboard.press('ArrowUp');
    await page
      .getByRole('region', { name: 'Answer' })
      .getByText('No change: every attempt')
      .waitFor();
    await viewer.shoot('calls');
  });

  it('shows variables, filters them, and tells the history of one', async () => {
    const { page, host } = await open({
      events: liveUntilStep7,
      standing: { children: [createChild({})] },
    });
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page.getByRole('textbox', { name: 'Filter variables' }).pressSequentially('by_');
    await page.getByRole('option', { name: /^by_day, dict/u }).click();
    await page.getByRole('option', { name: /^Step 2, added/u }).waitFor();
    await viewer.shoot('variables');
    await page.getByRole('button', { name: 'Open the value' }).click();
    await page.getByRole('option', { name: /^Step 3, changed/u }).dblclick();
    await untilStep(3);
    assert.deepStrictEqual(host.asked, [['openVariable', { name: 'by_day' }]]);
  });

  it('shows a variable before and after a step', async () => {
    const { page } = await open({ events: sample });
    await page.getByRole('option', { name: /^Step 3/u }).click();
    const row = page.getByRole('row', { name: /by_day/u });
    assert.equal(await row.locator('[data-side=before]').textContent(), '{}');
    assert.match((await row.locator('[data-side=after]').textContent()) ?? '', /^\{'2026-07-13'/u);
  });

  it('leads from a printed span to its source', async () => {
    const stdout =
      "Span(path='deploys.csv', start=13, end=16, line=2, text='foo')\ndeploys.csv:7 bar\n";
    const finished = createStepFinished({ outcome: createOutcome({ stdout }) });
    const { page, host } = await open({
      events: [...sample.slice(0, 2), createStepStarted(), finished],
    });
    await page.getByRole('link', { name: /^Span\(/u }).click();
    await page.getByRole('link', { name: 'deploys.csv:7' }).click();
    assert.deepStrictEqual(host.asked, [
      ['openSource', { path: 'deploys.csv', line: 2, range: { start: 13, end: 16 } }],
      ['openSource', { path: 'deploys.csv', line: 7, range: null }],
    ]);
  });

  it('leads from a span in a prompt, an answer or a value to its source', async () => {
    const span = "Span(path='deploys.csv', start=13, end=16, line=2, text='foo')";
    const change = { change: 'added', name: 'hit', type: 'Span', size: null, hash: null } as const;
    const { page, host } = await open({
      events: [
        ...sample.slice(0, 2),
        createStepStarted(),
        createModelAnswered({ prompt: `Why ${span}?`, answer: `So: ${span}` }),
        createStepFinished({ outcome: createOutcome({ changes: [{ ...change, preview: span }] }) }),
      ],
    });
    for (const name of ['Prompt', 'Answer', 'Variables'] as const) {
      await page
        .getByRole('region', { name, exact: true })
        .getByRole('link', { name: /^Span\(/u })
        .click();
    }
    const place = { path: 'deploys.csv', line: 2, range: { start: 13, end: 16 } };
    assert.deepStrictEqual(
      host.asked,
      [1, 2, 3].map(() => ['openSource', place]),
    );
  });

  it('shows a run: its task, what the model thought, who answered, and how it ended', async () => {
    const { page, host } = await open({ events: createRunTrace() });
    await page.getByText('Count the errors in the log.').first().waitFor();
    const thinking = page.getByRole('region', { name: 'Thinking' });
    await thinking.getByText('First I look for the word.').waitFor();
    await thinking.getByText('about 4 prompt + 2 answer tokens, $0.0120').waitFor();
    assert.doesNotMatch((await thinking.textContent()) ?? '', /grep/u);
    await page.getByRole('link', { name: 'Answered by a child session' }).click();
    assert.deepStrictEqual(host.asked, [['openTrace', { sessionId: 'child-session' }]]);
    await viewer.shoot('run');
    await page.getByRole('option', { name: /^Run ended, With all iterations used/u }).click();
    const run = page.getByRole('region', { name: 'Run', exact: true });
    await run.getByText('There were 7.').waitFor();
    await run.getByText('5 of 5').waitFor();
    await viewer.shoot('run-session');
  });

  it('says that the model is at work between two steps', async () => {
    await open({ events: createRunTrace().slice(0, 2) });
    await viewer.page.getByText('The model is writing the next step.').waitFor();
  });

  it('asks for what the session allows, and for nothing else', async () => {
    const { page, host } = await open({ events: liveUntilStep7 });
    await page.getByRole('button', { name: 'Stop', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Fork from here' }).click();
    await page.getByRole('button', { name: 'Copy a link to this step' }).click();
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'Markdown' }).click();
    await page.getByRole('button', { name: 'Copy: Code' }).click();
    assert.equal(await page.getByRole('button', { name: 'Resume' }).count(), 0);
    assert.deepStrictEqual(
      host.asked.map(([name, params]) => (name === 'copy' ? name : [name, params])),
      [
        ['stop', null],
        ['fork', { step: 6 }],
        ['copyLink', { step: 6 }],
        ['exportTrace', { format: 'markdown' }],
        'copy',
      ],
    );
  });

  it('finalizes with a text or a variable', async () => {
    const { page, host } = await open({ events: liveUntilStep7 });
    await page.getByRole('button', { name: 'Finalize…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Finalize the session' });
    await dialog.getByRole('textbox').fill('It was the deploy.');
    await viewer.shoot('finalize');
    await dialog.getByRole('button', { name: 'Finalize' }).click();
    await page.getByRole('button', { name: 'Finalize…' }).click();
    await dialog.getByRole('combobox').click();
    await dialog.getByRole('option', { name: 'answers' }).click();
    await dialog.getByRole('button', { name: 'Finalize' }).click();
    assert.deepStrictEqual(host.asked, [
      ['finalize', { kind: 'text', text: 'It was the deploy.' }],
      ['finalize', { kind: 'variable', name: 'answers' }],
    ]);
  });

  it('says what was refused, and why', async () => {
    const { page, host } = await open({ events: liveUntilStep7 });
    const refusal = { nextStep: 'Stop it where it runs.' };
    host.refused.set('stop', new RlmError('INVALID_INPUT', 'Another engine holds it.', refusal));
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page
      .getByRole('alert')
      .getByText('Another engine holds it. Stop it where it runs.')
      .waitFor();
    await viewer.shoot('refused');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('goes on following when asked to, after the trace could not be read on', async () => {
    const { page, host } = await open({ events: liveUntilStep7 });
    await untilStep(6);
    const nextStep = 'Look at the disk.';
    host.refused.set(
      'nextEvents',
      new RlmError('INTERNAL_ERROR', 'It cannot be read.', { nextStep }),
    );
    host.append(createStepStarted({ step: 7, at, usage, code: 'seven()' }));
    const alert = page.getByRole('alert').filter({ hasText: 'It cannot be read.' });
    await alert.getByText('It cannot be read. Look at the disk.').waitFor();
    await untilStep(6);
    host.refused.clear();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await untilStep(7);
    await alert.waitFor({ state: 'detached' });
  });

  it('follows a live session until the user looks elsewhere', async () => {
    const { page, host } = await open({ events: liveUntilStep7 });
    await untilStep(6);
    const now = Date.now();
    host.append(createStepStarted({ step: 7, at: now, usage, code: 'sleep(5)' }));
    await page.getByText('This step is running.').waitFor();
    await viewer.shoot('live');
    const outcome = createOutcome({ stdout: 'slept' });
    host.append(createStepFinished({ step: 7, at: now + 10, usage, outcome }));
    await page.getByRole('region', { name: 'Output' }).getByText('slept').waitFor();
    await page.getByRole('option', { name: /^Step 2/u }).click();
    host.append(createStepStarted({ step: 8, at: now + 20, usage }));
    await page.getByRole('option', { name: /^Step 8/u }).waitFor();
    assert.equal(await stepTitle(), 'Step 2');
    assert.equal(await page.getByRole('checkbox', { name: 'Follow' }).isChecked(), false);
  });

  it('goes to the step of a link, when it is opened and later', async () => {
    const { page, host } = await open({ events: sample, step: 4 });
    await untilStep(4);
    await page.getByRole('tab', { name: 'Session' }).click();
    await host.showStep(7);
    await untilStep(7);
  });

  it('comes back from a reload as it was', async () => {
    const { page } = await open({ events: createLongTrace(300) });
    await page.getByRole('listbox', { name: 'Steps' }).focus();
    await page.keyboard.press('End');
    await untilStep(300);
    await page.keyboard.press('t');
    await page.getByRole('slider').waitFor({ state: 'hidden' });
    await page.reload();
    await untilStep(300);
    assert.equal(await page.getByRole('slider').isVisible(), false);
    assert.ok(await page.getByRole('option', { name: /^Step 300,/u }).isVisible());
  });

  it('zooms and pans the timeline, and chooses a step and a child in it', async () => {
    const child = createChild({ createdAt: (sample[0]?.at ?? 0) + 20_000 });
    const { page, host } = await open({ events: sample, standing: { children: [child] } });
    await untilStep(1);
    const canvas = page.getByRole('slider', { name: /^Timeline/u });
    const box = await canvas.boundingBox();
    assert.ok(box);
    await page.mouse.click(box.x + box.width * 0.4, box.y + 36);
    await untilStep(4);
    await page.mouse.click(box.x + box.width * 0.7, box.y + box.height - 12);
    await page.mouse.move(box.x + box.width * 0.4, box.y + 36);
    await page.getByRole('tooltip').getByText('Step 4').waitFor();
    await viewer.shoot('timeline-child');
    await page.mouse.wheel(0, -600);
    await page.mouse.move(box.x + 600, box.y + 36);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 36, { steps: 4 });
    await page.mouse.up();
    await viewer.shoot('timeline-zoomed');
    await canvas.focus();
    await page.keyboard.press('ArrowRight');
    await untilStep(5);
    await page.keyboard.press('0');
    assert.deepStrictEqual(host.asked, [['openTrace', { sessionId: 'child-session' }]]);
  });

  for (const [name, trace, text] of [
    ['empty', { events: opened }, 'No step has run yet.'],
    ['opening', { events: opened, pagesHeldFrom: 0 }, 'Opening the trace…'],
    ['reading', { events: sample, pageEvents: 8, pagesHeldFrom: 1 }, 'Reading step 3 of 8…'],
    [
      'interrupted',
      { events: liveUntilStep7, standing: { status: 'interrupted', actions: ['resume', 'fork'] } },
      'The engine that ran this session is gone',
    ],
    [
      'read-only',
      {
        events: liveUntilStep7,
        standing: { actions: [], note: 'Another engine runs this session.' },
      },
      'Another engine runs this session.',
    ],
    [
      'stopped',
      { events: [...liveUntilStep7, createStopped({ at, step, usage, cause: 'budget_exceeded' })] },
      'Stopped by a guardrail: the budget is used up.',
    ],
    [
      'damaged',
      { events: sample, unreadable: [{ lines: 2, afterStep: 3, beforeStep: 4 }] },
      '2 lines of this trace could not be read (2 between step 3 and step 4), so what is shown may lack events.',
    ],
    [
      'damaged at its beginning',
      {
        events: sample.slice(1),
        unreadable: [{ lines: 1, afterStep: null, beforeStep: 0 }],
      },
      '1 line of this trace could not be read (1 before the first step)',
    ],
    [
      'failed',
      {
        events: opened,
        refusal: new RlmError('SESSION_NOT_FOUND', 'There is no such session.', {
          nextStep: 'It was deleted, or is kept in another home folder.',
        }),
      },
      'The trace cannot be shown',
    ],
  ] as readonly (readonly [string, FakeTrace, string])[]) {
    it(`says what is so when the trace is ${name}`, async () => {
      for (const theme of ['dark', 'light', 'contrast'] as const) {
        const { page } = await open({ ...trace }, { theme });
        await page.getByText(text).first().waitFor();
        await viewer.shoot(`${name}-${theme}`);
        if (theme !== 'contrast') {
          assert.deepStrictEqual(viewer.complaints, []);
          await viewer.close();
        }
      }
    });
  }

  it('promises to resume only where that can be done', async () => {
    const standing = { status: 'interrupted', actions: [] } as const;
    const { page } = await open({ events: liveUntilStep7, standing });
    const notice = page.getByText('The engine that ran this session is gone');
    assert.match((await notice.textContent()) ?? '', /with it\.$/u);
  });

  it('has room on a narrow screen', async () => {
    const error = {
      type: 'ValueError',
      message: 'a long message that says in many words what went wrong '.repeat(4),
      line: 1,
      traceback: '',
    };
    const finished = createStepFinished({ outcome: createOutcome({ error }) });
    const code = `total = sum(${'value, '.repeat(40)})`;
    const events = [...opened, createStepStarted({ code }), finished];
    const { page } = await open({ events }, { width: 400, height: 820 });
    await untilStep(1);
    const failure = await page.locator('.code-failure').boundingBox();
    assert.ok(failure && failure.x + failure.width <= 400);
    await viewer.shoot('narrow-failure');
    await viewer.close();
    const { page: whole } = await open({ events: sample }, { width: 400, height: 820 });
    await whole.getByRole('option', { name: /^Step 2/u }).click();
    await viewer.shoot('narrow');
    const overflow = await whole.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.equal(overflow, 0);
    await whole.keyboard.press('2');
    await whole.getByRole('option', { name: /^by_day/u }).click();
    await viewer.shoot('narrow-variables');
    await whole.keyboard.press('3');
    await whole.getByRole('heading', { name: 'Facts' }).waitFor();
    await viewer.shoot('narrow-session');
  });

  it('holds only the rows in view of a trace of 10,000 steps', async () => {
    const { page } = await open({ events: createLongTrace(10_000) });
    await page.getByRole('option', { name: /^Step 10000,/u }).waitFor();
    assert.ok((await page.locator('#steps .row').count()) < 60);
    await page.getByRole('listbox', { name: 'Steps' }).focus();
    await page.keyboard.press('Home');
    await page.getByRole('option', { name: /^Step 1,/u, selected: true }).waitFor();
    await page.keyboard.press('PageDown');
    await page.getByRole('option', { name: /^Step 1\d,/u, selected: true }).waitFor();
    await viewer.shoot('long');
    await page.keyboard.press('/');
    await page.keyboard.type('page 4321:');
    await page.getByText('1 of 10,000 steps').waitFor();
  });

  it('shows hostile texts as texts in every field', async () => {
    const { page } = await open({
      events: createHostileTrace(),
      standing: { children: [createHostileChild()], note: '<b id="bold">note</b>' },
    });
    await page.getByRole('option', { name: /^Step 1, Error/u }).click();
    const texts = [await page.locator('body').innerText()];
    await page.getByRole('option', { name: /^Call 2/u }).click();
    await page.getByRole('region', { name: 'Failure' }).waitFor();
    texts.push(await page.locator('body').innerText());
    await viewer.shoot('hostile-step');
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page.getByRole('option', { name: /^name/u }).click();
    await page.getByRole('heading', { name: /^name/u }).waitFor();
    texts.push(await page.locator('body').innerText());
    await viewer.shoot('hostile-variables');
    await page.getByRole('tab', { name: 'Session' }).click();
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    texts.push(await page.locator('body').innerText());
    await viewer.shoot('hostile-session');
    const all = texts.join('\n').replace('Closed <img', 'closed <img'); // a sentence begins with a capital
    const shown = hostileFields.filter((field) => all.includes(`${field} <img src=x`));
    assert.deepStrictEqual(shown, hostileFields);
    assert.equal(
      await page
        .locator('img, iframe, object, embed, style, #broken-out, #bold, svg[onload]')
        .count(),
      0,
    );
    assert.equal(await page.locator('script').count(), 2); // the viewer and its words
    assert.ok(!all.includes('\u202e'));
  });
});
