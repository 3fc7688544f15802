// The viewer of one trace: asks the editor for events, folds them, and has the views drawn once a frame.

import { toRlmError } from '../src/core/errors';
import { isUnderWay } from '../src/core/summary';
import type { Standing, ViewerMethods, ViewerStart } from '../src/protocol/viewer';
import { obey } from './commands';
import { isSame } from './dom';
import type { Connection, ViewerHost } from './host';
import { toKeyCommand } from './keys';
import { type Row, toRows } from './model/rows';
import { createMatcher, findCall } from './model/search';
import { Trace } from './model/trace';
import type { Failure, Loading, Snapshot, ViewActions } from './snapshot';
import {
  type Dialog,
  createFinalizeDialog,
  createHelpDialog,
  createMessageDialog,
} from './views/dialogs';
import { type Frame, createFrame } from './views/frame';
import { type ViewState, restoreViewState, toSearch } from './viewState';

const noStanding: Standing = { status: null, actions: [], note: null, children: [] };
/** How often what moves by itself is drawn anew: a running step, and the reading of a long trace. */
const tickMs = 250;

export class Viewer {
  readonly #trace = new Trace();
  readonly #connection: Connection;
  readonly #host: ViewerHost;
  readonly #frame: Frame;
  readonly #help: Dialog;
  readonly #finalize: Dialog;
  readonly #message: Dialog;
  readonly #actions: ViewActions;
  #view: ViewState;
  #standing: Standing = noStanding;
  #start: ViewerStart | null = null;
  #loading: Loading = { kind: 'opening' };
  #failure: Failure | null = null;
  #cursor: string | null = null;
  /** Everything there was had been read once: what comes later is followed. */
  #isWhole = false;
  #rows: { readonly from: readonly unknown[]; readonly rows: readonly Row[] } = {
    from: [],
    rows: [],
  };
  #isScheduled = false;

  constructor(root: HTMLElement, connection: Connection) {
    this.#connection = connection;
    this.#view = restoreViewState(connection.memory.read());
    this.#host = connection.connect(this.#createMethods());
    this.#actions = this.#createActions();
    this.#frame = createFrame(this.#actions);
    this.#help = createHelpDialog();
    this.#finalize = createFinalizeDialog(this.#actions);
    this.#message = createMessageDialog(this.#actions);
    const dialogs = [this.#help, this.#finalize, this.#message].map(({ element }) => element);
    root.replaceChildren(this.#frame.element, ...dialogs);
    document.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('visibilitychange', () => this.#schedule());
    window.setInterval(() => this.#tick(), tickMs);
  }

  /** Never rejects; goes on for as long as the window is there. */
  async run(): Promise<void> {
    this.#schedule();
    try {
      this.#start ??= await this.#begin();
      for (;;) {
        const page = await this.#host.request('nextEvents', { cursor: this.#cursor });
        this.#cursor = page.cursor;
        this.#trace.append(page.events, page.unreadable);
        this.#arrive(page.complete);
      }
    } catch (thrown) {
      this.#loading = { kind: 'failed', failure: toRlmError(thrown) };
      this.#chooseFirstStep();
      this.#schedule();
    }
  }

  async #begin(): Promise<ViewerStart> {
    const start = await this.#host.request('ready', null);
    this.#standing = start.standing;
    this.#loading = { kind: 'reading' };
    this.#trace.begin(start.summary);
    const { sessionId } = start.summary;
    const kept = this.#view.sessionId === sessionId ? this.#view : restoreViewState(null);
    this.#keep({ ...kept, sessionId });
    if (start.step !== null) {
      this.#actions.showStep(start.step);
      this.#keep({ ...this.#view, follow: false });
    }
    this.#schedule();
    return start;
  }

  #arrive(complete: boolean): void {
    if (complete && this.#loading.kind !== 'complete') {
      this.#loading = { kind: 'complete' };
      this.#isWhole = true;
      this.#chooseFirstStep();
    }
    const isLive = this.#loading.kind === 'complete' && isUnderWay(this.#readStatus());
    if (isLive && this.#view.follow) {
      this.#selectNewest();
    }
    // Drawing every page of a long trace would take longer than reading them: the tick draws on.
    if (complete) {
      this.#schedule();
    }
  }

  #selectNewest(): void {
    const { step, entry } = this.#view;
    const newest = this.#trace.steps.at(-1)?.step ?? step;
    const number = this.#trace.agent.last?.number ?? entry;
    if (newest !== step || number !== entry) {
      this.#keep({ ...this.#view, step: newest, entry: number, call: 0 });
    }
  }

  #chooseFirstStep(): void {
    const { steps, agent } = this.#trace;
    if (this.#view.entry === null || !agent.find(this.#view.entry)) {
      this.#keep({ ...this.#view, entry: agent.last?.number ?? null });
    }
    if (this.#view.step === null || !this.#trace.findStep(this.#view.step)) {
      const first = this.#readStatus() === 'finalized' ? steps[0] : steps.at(-1);
      this.#keep({ ...this.#view, step: first?.step ?? null, call: 0 });
    }
  }

  #createMethods(): ViewerMethods {
    return {
      showStanding: (standing) => {
        this.#standing = standing;
        this.#schedule();
      },
      showStep: ({ step }) => this.#actions.showStep(step),
    };
  }

  #createActions(): ViewActions {
    return {
      place: this.#connection.place,
      change: (patch) => {
        this.#keep({ ...this.#view, ...patch });
        this.#schedule();
      },
      remember: (patch) => this.#keep({ ...this.#view, ...patch }),
      showStep: (step, call) => this.#showStep(step, call),
      showEntry: (number) => this.#showEntry(number),
      ask: (...request) => {
        this.#host.request(...request).catch((thrown: unknown) => this.#refuse(thrown));
      },
      attempt: async (...request) => {
        try {
          await this.#host.request(...request);
          return true;
        } catch (thrown) {
          this.#refuse(thrown);
          return false;
        }
      },
      dismissFailure: () => {
        this.#failure = null;
        this.#schedule();
      },
      openFinalize: () => this.#finalize.open(this.#takeSnapshot()),
      openMessage: () => this.#message.open(this.#takeSnapshot()),
      openHelp: () => this.#help.open(this.#takeSnapshot()),
      reload: () => {
        if (this.#loading.kind === 'failed') {
          const begun = this.#isWhole ? 'complete' : 'reading';
          this.#loading = { kind: this.#start ? begun : 'opening' };
          void this.run();
        }
      },
    };
  }

  #refuse(thrown: unknown): void {
    const failure = toRlmError(thrown);
    if (failure.code !== 'CANCELLED') {
      this.#failure = failure;
      this.#schedule();
    }
  }

  #showEntry(number: number): void {
    const { agent } = this.#trace;
    const shown = agent.find(number);
    const isHidden = shown && !createMatcher(toSearch(this.#view))(shown);
    this.#keep({
      ...this.#view,
      ...(isHidden && { text: '', filter: 'all' as const }),
      tab: 'steps',
      entry: shown?.number ?? number,
      follow: shown !== undefined && shown === agent.last,
    });
    this.#schedule();
  }

  #showStep(step: number, call?: number): void {
    const action = this.#trace.agent.findAction(step);
    if (action) {
      this.#showEntry(action.number);
      return;
    }
    const shown = this.#trace.findStep(step);
    const isHidden = shown && !createMatcher(toSearch(this.#view))(shown);
    this.#keep({
      ...this.#view,
      ...(isHidden && { text: '', filter: 'all' as const }),
      tab: 'steps',
      step,
      call: call ?? (shown ? findCall(shown, this.#view.text) : 0),
      follow: step === this.#trace.steps.at(-1)?.step,
    });
    this.#schedule();
  }

  #keep(view: ViewState): void {
    this.#view = view;
    if (view.sessionId !== '') {
      this.#connection.memory.write(view);
    }
  }

  #schedule(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      requestAnimationFrame(() => {
        this.#isScheduled = false;
        this.#frame.update(this.#takeSnapshot());
      });
    }
  }

  #tick(): void {
    const isRunning = this.#trace.summary?.running === true && isUnderWay(this.#readStatus());
    const isMoving = isRunning || this.#loading.kind === 'reading';
    if (isMoving && document.visibilityState === 'visible') {
      this.#schedule();
    }
  }

  #readStatus(): Snapshot['status'] {
    const summary = this.#trace.summary ?? this.#start?.summary;
    return this.#standing.status ?? summary?.status ?? 'active';
  }

  #takeSnapshot(): Snapshot {
    const isReading = this.#start !== null && !this.#isWhole;
    const folded = this.#trace.summary;
    return {
      trace: this.#trace,
      version: this.#trace.version,
      loading: this.#loading,
      // While pages come, the fold is that of an earlier time: the list knows better.
      summary:
        (isReading ? this.#start?.summary : folded) ?? folded ?? this.#start?.summary ?? null,
      status: isReading ? (this.#start?.summary.status ?? 'active') : this.#readStatus(),
      standing: this.#standing,
      view: this.#view,
      rows: this.#readRows(),
      failure: this.#failure,
      now: this.#connection.now(),
    };
  }

  #readRows(): readonly Row[] {
    const search = toSearch(this.#view);
    const { children } = this.#standing;
    const from = [this.#trace.version, search.text, search.scope, search.filter, children];
    if (!isSame(from, this.#rows.from)) {
      const isFiltered = search.text !== '' || search.filter !== 'all';
      const matcher = isFiltered ? createMatcher(search) : null;
      this.#rows = { from, rows: toRows(this.#trace, children, matcher) };
    }
    return this.#rows.rows;
  }

  #onKey(event: KeyboardEvent): void {
    const command = toKeyCommand(event);
    if (command && !document.querySelector('dialog[open]')) {
      event.preventDefault();
      obey(command, { snapshot: this.#takeSnapshot(), actions: this.#actions, frame: this.#frame });
    }
  }
}
