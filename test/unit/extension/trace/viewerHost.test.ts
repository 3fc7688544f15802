import assert from 'node:assert/strict';
import { toDisposable } from '../../../../src/base/disposable';
import { RlmError } from '../../../../src/core/errors';
import type { SessionActions } from '../../../../src/extension/sessionActions';
import type { AgentActions } from '../../../../src/extension/agents/agentActions';
import type { AgentReview } from '../../../../src/extension/agents/agentReview';
import { SessionSource } from '../../../../src/extension/sessionSource';
import { createViewerHost } from '../../../../src/extension/trace/viewerHost';
import { acceptViewers, type MessagePort } from '../../../../src/extension/trace/viewerLink';
import { Channel, type Link } from '../../../../src/protocol/channel';
import type {
  ViewerEnvelope,
  ViewerHostMethods,
  ViewerMethods,
} from '../../../../src/protocol/viewer';
import { MemoryTraceStore } from '../../../support/memoryTraceStore';
import { createContextLoaded, createOpened, sampleSessionId } from '../../../support/sampleTrace';

/** A webview's messages, both ways. */
class FakeWebview implements MessagePort {
  readonly #toHost = new Set<(message: unknown) => void>();
  readonly #toViewer = new Set<(envelope: ViewerEnvelope) => void>();

  async postMessage(envelope: ViewerEnvelope): Promise<boolean> {
    this.#toViewer.forEach((listener) => listener(envelope));
    return true;
  }

  onDidReceiveMessage(listener: (message: unknown) => void) {
    this.#toHost.add(listener);
    return toDisposable(() => this.#toHost.delete(listener));
  }

  send(message: unknown): void {
    this.#toHost.forEach((listener) => listener(message));
  }

  /** A viewer that has just been loaded. */
  load(load: string): Channel<ViewerMethods, ViewerHostMethods> {
    const link: Link = {
      send: (frame) => this.send({ load, frame }),
      onMessage: (listener) => {
        this.#toViewer.add((envelope) => envelope.load === load && listener(envelope.frame));
      },
      onClose: () => undefined,
    };
    return new Channel(link, { showStanding: () => undefined, showStep: () => undefined });
  }
}

/** Records what it is asked. */
function createAgentActions(asked: unknown[]): AgentActions {
  const record =
    (name: string) =>
    async (...args: unknown[]): Promise<void> =>
      void asked.push([name, ...args]);
  return { decide: record('decide'), tell: record('tell') } as unknown as AgentActions; // what a viewer may ask
}

describe('a viewer’s host', () => {
  let webview: FakeWebview;
  let store: MemoryTraceStore;
  let channels: Channel<ViewerHostMethods, ViewerMethods>[];
  let asked: unknown[];

  beforeEach(() => {
    webview = new FakeWebview();
    store = new MemoryTraceStore();
    store.addForeignTrace(sampleSessionId, [createOpened()]);
    channels = [];
    asked = [];
    const source = new SessionSource(async () => store);
    let step: number | null = 3;
    const host = createViewerHost({
      sessionId: sampleSessionId,
      source,
      actions: createActions(asked),
      agents: createAgentActions(asked),
      review: { show: async () => undefined } as unknown as AgentReview, // what a viewer may ask
      readStanding: () => ({ status: null, actions: [], note: null, children: [] }),
      takeStep: () => {
        const taken = step;
        step = null;
        return taken;
      },
      onReady: () => undefined,
    });
    acceptViewers(webview, (link) => channels.push(new Channel(link, host)));
  });

  it('tells how to start, and the step to show once only', async () => {
    const first = await webview.load('one').request('ready', null);
    const second = await webview.load('two').request('ready', null);
    assert.deepStrictEqual(
      [first.summary.sessionId, first.step, second.step],
      [sampleSessionId, 3, null],
    );
  });

  it('answers with the next event as soon as there is one', async () => {
    const viewer = webview.load('one');
    const page = await viewer.request('nextEvents', { cursor: null });
    assert.deepStrictEqual(page.events, [createOpened()]);
    const next = viewer.request('nextEvents', { cursor: page.cursor });
    await new Promise((resolve) => setImmediate(resolve));
    store.addForeignTrace(sampleSessionId, [createOpened(), createContextLoaded()]);
    assert.deepStrictEqual((await next).events, [createContextLoaded()]);
    assert.equal(store.listenerCount, 0);
  });

  it('tells a viewer nothing but Unicode', async () => {
    store.addForeignTrace(sampleSessionId, [createOpened({ title: 'a\ud83d' })]);
    const { events } = await webview.load('one').request('nextEvents', { cursor: null });
    assert.deepStrictEqual(events, [createOpened({ title: 'a\ufffd' })]);
  });

  it('hands on a person’s answer to an agent and what is said to it, and nothing that is neither', async () => {
    const viewer = webview.load('one');
    await viewer.request('decide', { approvalId: 'a1', decision: 'decline' });
    await viewer.request('tell', { text: 'Go on.' });
    for (const [name, params] of [
      ['decide', { approvalId: 'a1', decision: 'acceptForSession' }],
      ['decide', { approvalId: '', decision: 'accept' }],
      ['tell', { text: '' }],
    ] as const) {
      await assert.rejects(viewer.request(name, params as never)); // as a broken viewer might
    }
    assert.deepStrictEqual(asked, [
      ['decide', sampleSessionId, { approvalId: 'a1', decision: 'decline' }],
      ['tell', sampleSessionId, 'Go on.'],
    ]);
  });

  it('ends what an earlier load was waiting for', async () => {
    const viewer = webview.load('one');
    const { cursor } = await viewer.request('nextEvents', { cursor: null });
    void viewer.request('nextEvents', { cursor }).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(store.listenerCount, 1);
    await webview.load('two').request('ready', null);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(store.listenerCount, 0);
  });

  it('hands actions on, and gives back their failures with code and next step', async () => {
    const viewer = webview.load('one');
    await viewer.request('finalize', { kind: 'text', text: 'yes' });
    await viewer.request('openSource', { path: 'a.txt', line: 2, range: null });
    assert.deepStrictEqual(asked, [
      ['finalize', sampleSessionId, { kind: 'text', text: 'yes' }],
      ['openSource', sampleSessionId, { path: 'a.txt', line: 2, range: null }],
    ]);
    await assert.rejects(viewer.request('stop', null), {
      code: 'GUARDRAIL_STOPPED',
      nextStep: 'Go on.',
    });
  });

  it('refuses what no viewer of ours would ask', async () => {
    const viewer = webview.load('one');
    const bad = [
      viewer.request('exportTrace', { format: 'exe' as 'json' }),
      viewer.request('openSource', { path: 'a', line: -1, range: null }),
      viewer.request('fork', { step: 1.5 }),
    ];
    const results = await Promise.allSettled(bad);
    assert.deepStrictEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.deepStrictEqual(asked, []);
  });

  it('ignores messages that are no envelopes of a channel', () => {
    const junk = [
      null,
      'text',
      { load: 'x' },
      { load: '', frame: {} },
      { frame: { t: 'request' } },
    ];
    junk.forEach((message) => webview.send(message));
    assert.deepStrictEqual(channels, []);
  });
});

function createActions(asked: unknown[]): SessionActions {
  const take =
    (name: string) =>
    async (...args: readonly unknown[]): Promise<void> =>
      void asked.push([name, ...args]);
  const actions = {
    finalize: take('finalize'),
    openSource: take('openSource'),
    exportTrace: take('exportTrace'),
    fork: take('fork'),
    stop: async () => {
      throw Object.assign(new Error('Stopped.'), {
        ...new RlmError('GUARDRAIL_STOPPED', 'Stopped.', { nextStep: 'Go on.' }),
        name: 'RlmError', // of another bundle's class
      });
    },
  };
  return actions as unknown as SessionActions; // the part of it that these tests ask for
}
