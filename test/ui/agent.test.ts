// The viewer of an agent's run in a real browser: what it did, what it waits for, and how it is answered.

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { RlmError } from '../../src/core/errors';
import {
  askedCommand,
  createDoneAgent,
  createWaitingAgent,
  sampleDiff,
  toAsked,
  toChange,
  toRan,
  toSaid,
} from '../support/agentTrace';
import type { FakeTrace } from './fakeHost';
import {
  type ViewerPage,
  type ViewerPageOptions,
  launchBrowser,
  openViewer,
  themes,
} from './viewerPage';

const waitingActions = { actions: ['stop', 'tell', 'approve'] } as const;

describe('the viewer of an agent', () => {
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

  for (const theme of themes) {
    it(`shows what waits for an answer, with the whole command, in ${theme}`, async () => {
      const { page } = await open(
        { events: createWaitingAgent().events, standing: waitingActions },
        { theme },
      );
      const asked = page.getByRole('region', { name: 'Approvals that wait for you' });
      await asked.getByText(askedCommand, { exact: true }).waitFor();
      await asked.getByText('To publish it.').waitFor();
      await page.getByRole('tab', { name: 'Activity', selected: true }).waitFor();
      assert.equal(await page.getByRole('tab', { name: 'Variables' }).isVisible(), false);
      await viewer.shoot(`agent-waiting-${theme}`);
    });
  }

  it('is answered by a click, and by keys alone', async () => {
    const { page, host } = await open({
      events: createWaitingAgent().add(toAsked({ approvalId: 'a2', command: 'npm publish' }))
        .events,
      standing: waitingActions,
    });
    await page.getByText('The agent waits for you: 2 approvals').waitFor();
    const second = page.getByRole('article').filter({ hasText: 'npm publish' });
    await second.getByRole('button', { name: 'Decline', exact: true }).click();
    await page.locator('body').press('a');
    const first = page.getByRole('article').filter({ hasText: 'git push' });
    await first.and(page.locator(':focus')).waitFor();
    await first.getByRole('button', { name: 'Approve' }).focus();
    await page.keyboard.press('Enter');
    assert.deepStrictEqual(host.asked, [
      ['decide', { approvalId: 'a2', decision: 'decline' }],
      ['decide', { approvalId: 'a1', decision: 'accept' }],
    ]);
  });

  it('tells that an answer came too late, and lets go of what was answered elsewhere', async () => {
    const trace = createWaitingAgent();
    const { page, host } = await open({ events: [...trace.events], standing: waitingActions });
    const late = 'Approval a1 was answered already: it was declined at its deadline.';
    host.refused.set('decide', new RlmError('INVALID_INPUT', late, { nextStep: 'Go on.' }));
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('alert').getByText(late).waitFor();
    host.append(
      trace.toEvent({
        ...{ kind: 'agent.decided', approvalId: 'a1', decision: 'decline', by: 'deadline' },
        note: null,
      }),
    );
    await page.getByRole('region', { name: 'Approvals that wait for you' }).waitFor({
      state: 'hidden',
    });
    await page.getByRole('option', { name: /^Approval of a command · Declined · at its/u }).click();
  });

  it('offers no answer where the agent does not run, and says so', async () => {
    const { page } = await open({
      events: createWaitingAgent().events,
      standing: { actions: [] },
    });
    await page.getByText('It is answered where the agent runs.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve', exact: true }).count(), 0);
  });

  it('follows what the agent does as it happens', async () => {
    const trace = createWaitingAgent().add(
      { kind: 'agent.decided', approvalId: 'a1', decision: 'accept', by: 'person', note: null },
      toChange('running'),
    );
    const { page, host } = await open({ events: [...trace.events], standing: waitingActions });
    const detail = page.locator('#agent-detail');
    host.append(
      trace.toEvent({
        ...{ kind: 'agent.started', actionId: 'c9', command: 'npm run lint', cwd: null },
      }),
    );
    await detail.getByText('Running', { exact: true }).waitFor();
    host.append(
      trace.toEvent(
        toRan({ ...{ actionId: 'c9', command: 'npm run lint' }, output: 'no problems' }),
      ),
    );
    await detail.getByText('no problems').waitFor();
    host.append(trace.toEvent(toSaid('All is well.')));
    await detail.getByText('All is well.').waitFor();
  });

  it('shows each entry in full: a failed command, a diff, a cancelled approval, a child', async () => {
    const { page, host } = await open({
      events: createDoneAgent().events,
      standing: { actions: ['tell'] },
    });
    const detail = page.locator('#agent-detail');
    await page.getByRole('option', { name: /^Command · Failed · exit code 1/u }).click();
    await detail.getByText('1 failing').waitFor();
    await page.getByRole('option', { name: /^Patch · Done/u }).click();
    await detail.locator('[data-line=removed]', { hasText: 'return once' }).waitFor();
    assert.equal(await detail.locator('.diff').textContent(), `${sampleDiff}\n`);
    await viewer.shoot('agent-diff');
    const cancelled = page.getByRole('option', { name: /^Approval of a command · Cancelled/u });
    await cancelled.click();
    assert.equal(await cancelled.getAttribute('data-tone'), 'stopped');
    await page.getByRole('option', { name: /^Child agent · Completed/u }).click();
    await detail.getByRole('link', { name: 'Open its trace' }).click();
    assert.deepStrictEqual(host.asked, [['openTrace', { sessionId: 'child-session' }]]);
  });

  it('walks through the entries by keys, and finds what is wrong among them', async () => {
    const { page } = await open({ events: createDoneAgent().events });
    const title = page.locator('#agent-detail .detail-facts');
    const untilEvent = (number: number): Promise<void> =>
      title.filter({ hasText: new RegExp(`event ${number}$`, 'u') }).waitFor();
    await untilEvent(25);
    for (const [key, number] of [
      ['Home', 1],
      ['j', 2],
      ['e', 6],
      ['e', 15],
      ['E', 6],
      ['G', 25],
    ] as const) {
      await page.keyboard.press(key);
      await untilEvent(number);
    }
  });

  it('sums the run up: its answer, plan, checklist, files, approvals, children and errors', async () => {
    const { page } = await open({ events: createDoneAgent().events });
    await page.getByRole('tab', { name: 'Session' }).click();
    const panel = page.locator('#panel-session');
    for (const text of [
      'The test is mended: it waited for the system clock.',
      'Checklist: 1 of 2 done',
      'src/retry.ts',
      'Cancelled, as the run ended',
      'Declined, by a person',
      '.env must not be read',
    ]) {
      await panel.getByText(text, { exact: true }).first().waitFor();
    }
    await viewer.shoot('agent-session');
    await panel.getByRole('button', { name: 'by event 10' }).click();
    await page.locator('#agent-detail .detail-facts', { hasText: 'event 9' }).waitFor();
  });

  it('sends a message, and keeps what was written until it has arrived', async () => {
    const { page, host } = await open({
      events: createDoneAgent().events,
      standing: { actions: ['goOn'] },
    });
    host.refused.set('tell', new RlmError('GUARDRAIL_STOPPED', 'No turns left.', { nextStep: '' }));
    const dialog = page.getByRole('dialog', { name: 'Message to the agent' });
    await page.getByRole('button', { name: 'Resume…' }).click();
    await dialog.getByRole('textbox').fill('Also the other test.');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('alert').getByText('No turns left.').waitFor();
    host.refused.clear();
    await page.getByRole('button', { name: 'Resume…' }).click();
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.waitFor({ state: 'hidden' });
    assert.deepStrictEqual(host.asked, [
      ['tell', { text: 'Also the other test.' }],
      ['tell', { text: 'Also the other test.' }],
    ]);
  });

  it('shows a long output page by page', async () => {
    const output = Array.from({ length: 30_000 }, (_, line) => `line ${line}`).join('\n');
    const { page } = await open({
      events: createDoneAgent().add(toRan({ actionId: 'long', output })).events,
    });
    const text = page.locator('#agent-detail pre', { hasText: 'line 0' });
    await text.waitFor();
    const before = ((await text.textContent()) ?? '').length;
    assert.ok(before <= 50_000, String(before));
    await page.getByRole('button', { name: /^Show more \(/u }).click();
    const after = ((await text.textContent()) ?? '').length;
    assert.ok(after > before && after <= 100_000, String(after));
  });
});
