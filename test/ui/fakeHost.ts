// The editor's side of the viewer in a test: a real Channel over a trace held in memory, and a record
// of everything the viewer asked for.

import type { Disposable } from '../../src/base/disposable';
import { Emitter } from '../../src/base/emitter';
import { onAbort } from '../../src/base/abort';
import { type RlmError, cancelledError } from '../../src/core/errors';
import type { TraceEvent } from '../../src/core/event';
import type { Summary } from '../../src/core/summary';
import type { UnreadableLines } from '../../src/core/unreadableLines';
import { Channel, type Link } from '../../src/protocol/channel';
import type {
  Standing,
  ViewerHostMethods,
  ViewerMethods,
  ViewerPage,
} from '../../src/protocol/viewer';
import { createOpened, foldEvents } from '../support/sampleTrace';

export interface FakeTrace {
  readonly events: readonly TraceEvent[];
  readonly standing?: Partial<Standing>;
  /** The step that a link names. */
  readonly step?: number;
  /** Told with the first page. */
  readonly unreadable?: readonly UnreadableLines[];
  readonly pageEvents?: number;
  /** Pages from this one on do not come. */
  readonly pagesHeldFrom?: number;
  /** What `ready` answers with, instead of the trace. */
  readonly refusal?: RlmError;
}

const allActions = ['stop', 'finalize', 'fork', 'readVariable'] as const;

export class FakeHost implements Disposable {
  /** Everything asked for but the trace itself: the method's name and its parameters. */
  readonly asked: (readonly [string, unknown])[] = [];
  readonly #trace: FakeTrace;
  readonly #events: TraceEvent[];
  readonly #appended = new Emitter<void>();
  #standing: Standing;
  #channel: Channel<ViewerHostMethods, ViewerMethods> | undefined;
  /** Methods of these names are refused. */
  readonly refused = new Map<string, RlmError>();

  constructor(trace: FakeTrace) {
    this.#trace = trace;
    this.#events = [...trace.events];
    const status = foldEvents(trace.events)?.status ?? 'active';
    const actions = status === 'active' ? allActions : (['fork'] as const);
    this.#standing = { status: null, actions, note: null, children: [], ...trace.standing };
  }

  get summary(): Summary {
    const summary = foldEvents(this.#events) ?? foldEvents([createOpened()]);
    if (!summary) {
      throw new Error('The trace does not begin with its opening.');
    }
    return this.#standing.status === null ? summary : { ...summary, status: this.#standing.status };
  }

  connect(link: Link): void {
    this.#channel?.dispose();
    this.#channel = new Channel(link, this.#createMethods());
  }

  append(...events: readonly TraceEvent[]): void {
    this.#events.push(...events);
    this.#appended.fire();
  }

  async showStanding(standing: Partial<Standing>): Promise<void> {
    this.#standing = { ...this.#standing, ...standing };
    await this.#channel?.request('showStanding', this.#standing);
  }

  async showStep(step: number): Promise<void> {
    await this.#channel?.request('showStep', { step });
  }

  dispose(): void {
    this.#channel?.dispose();
    this.#appended.dispose();
  }

  #createMethods(): ViewerHostMethods {
    const record =
      <T>(name: string) =>
      async (params: T): Promise<void> => {
        this.asked.push([name, params]);
        const refusal = this.refused.get(name);
        if (refusal) {
          throw refusal;
        }
      };
    return {
      ready: async () => {
        if (this.#trace.refusal) {
          throw this.#trace.refusal;
        }
        return { summary: this.summary, standing: this.#standing, step: this.#trace.step ?? null };
      },
      nextEvents: async ({ cursor }, signal) => {
        const page = await this.#readPage(Number(cursor ?? 0), signal);
        const refusal = this.refused.get('nextEvents');
        if (refusal) {
          throw refusal;
        }
        return page;
      },
      stop: record('stop'),
      finalize: record('finalize'),
      resume: record('resume'),
      fork: record('fork'),
      decide: record('decide'),
      tell: record('tell'),
      showChanges: record('showChanges'),
      exportTrace: record('exportTrace'),
      openVariable: record('openVariable'),
      openText: record('openText'),
      openSource: record('openSource'),
      openTrace: record('openTrace'),
      copy: record('copy'),
      copyLink: record('copyLink'),
    };
  }

  async #readPage(from: number, signal: AbortSignal): Promise<ViewerPage> {
    const { pageEvents = 500, pagesHeldFrom = Infinity } = this.#trace;
    while (this.#events.length <= from || from / pageEvents >= pagesHeldFrom) {
      await this.#untilAppended(signal);
    }
    const end = Math.min(this.#events.length, from + pageEvents);
    const complete = end === this.#events.length;
    const { unreadable = [] } = this.#trace;
    return {
      events: this.#events.slice(from, end),
      unreadable: from === 0 ? unreadable : [],
      cursor: String(end),
      complete,
    };
  }

  #untilAppended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const listening = this.#appended.event(() => {
        listening.dispose();
        aborting.dispose();
        resolve();
      });
      const aborting = onAbort(signal, () => {
        listening.dispose();
        reject(cancelledError('Waiting for events'));
      });
    });
  }
}
