// A task: a step or a run that goes on between the calls of its caller. Where prompts are for the caller
// to answer, a call ends with them and another brings the answers.

import { onAbort, untilAborted } from '../../base/abort';
import { type Disposable, DisposableStore, toDisposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { Clock } from '../clock';
import { cancelledError, toRlmError } from '../errors';
import type { LoopProgress, LoopResult } from '../loop';
import type { AskClient, ModelClient } from '../model';
import type { StepResult } from '../stepRun';
import { ClientChannel } from './clientChannel';
import type { PromptPage } from './shownPrompts';
import { type AgentAnswer, TaskPrompts } from './taskPrompts';
import {
  type TaskEvent,
  type TaskState,
  type TaskStatus,
  hasEnded,
  newTaskState,
  nextTaskState,
} from './taskState';

interface TaskResults {
  readonly step: StepResult;
  readonly run: LoopResult;
}

export type TaskKind = keyof TaskResults;

/** What one call that follows a task is told of it. How it failed or was cancelled is thrown. */
export type TaskReport<Kind extends TaskKind> =
  { readonly status: 'completed'; readonly result: TaskResults[Kind] } | UnfinishedReport;

export type UnfinishedReport = InputRequired | { readonly status: 'working' };

/** The task goes no further without answers. */
export interface InputRequired {
  readonly status: 'input_required';
  /** New ones, as far as they fit one reply. */
  readonly prompts: PromptPage['prompts'];
  /** Ids of those that were shown before and still wait. */
  readonly told: PromptPage['told'];
  /** Ids of new ones that did not fit. */
  readonly left: PromptPage['left'];
  /** All that wait. */
  readonly count: number;
}

/** One call that follows the task. */
export interface TaskCall {
  /** The client's own model, asked while this call lasts; null: it offers none. */
  readonly sample: AskClient | null;
  /** Null: until the task ends or needs input. */
  readonly waitMs: number | null;
  /** Whether aborting the call cancels the task. */
  readonly ownsTask: boolean;
  /** Shows all prompts that wait, whole and again. */
  readonly showWhole: boolean;
}

interface TaskParts<Kind extends TaskKind> {
  readonly kind: Kind;
  /** Null: of a session that the task opens, and tells of by its progress. */
  readonly sessionId: string | null;
  readonly clock: Clock;
  /** Whether the caller's client offers its own model. */
  readonly canSample: boolean;
  /** How long each call of its caller lasts; null: to the task's end, and aborting a call cancels the task. */
  readonly waitMs: number | null;
  readonly start: (context: TaskContext, signal: AbortSignal) => Promise<TaskResults[Kind]>;
}

/** What the work of a task has of its caller. */
interface TaskContext {
  readonly client: ModelClient;
  readonly onProgress: (progress: LoopProgress) => void;
  /** To be called when work that queues up in its session begins. */
  readonly onStart: () => void;
}

/** Prompts asked together, by parts that run side by side too, come within this. */
const gatherMs = 50;
/** As long is waited for parts that have begun and have not asked yet. */
const maxGatherMs = 10_000;

export class Task<Kind extends TaskKind> {
  readonly kind: Kind;
  readonly waitMs: number | null;
  /** Settles as the work does. */
  readonly ended: Promise<TaskResults[Kind]>;
  /** Settles with the session's id as soon as it is open, whatever becomes of the calls that follow. */
  readonly opened: Promise<string>;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #prompts: TaskPrompts;
  readonly #channel = new ClientChannel();
  readonly #progress = new Emitter<LoopProgress>();
  readonly onDidProgress = this.#progress.event;
  #state: TaskState = newTaskState;
  #sessionId: string | null;
  #iterations = 0;
  /** Parts that have begun and have not asked yet. */
  #expected = 0;
  readonly #cameDown = new Emitter<void>();
  #hasStarted = false;
  #open: (sessionId: string) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;

  constructor(parts: TaskParts<Kind>) {
    const { kind, sessionId, clock, canSample, waitMs } = parts;
    this.kind = kind;
    this.waitMs = waitMs;
    this.#clock = clock;
    this.#sessionId = sessionId;
    this.#prompts = new TaskPrompts((event) => this.#change(event));
    const client: ModelClient = {
      ask: (request, signal) => this.#prompts.ask(request, signal),
      sample: canSample ? (request, signal) => this.#channel.ask(request, signal) : null,
      whenReachable: (signal) => this.#channel.whenOpen(signal),
      expectAsk: () => this.#expectAsk(),
    };
    const onProgress = (progress: LoopProgress): void => this.#report(progress);
    const toldOpen = new Promise<string>((resolve) => {
      this.#open = resolve;
    });
    const refused = new Promise<never>((_, reject) => {
      this.#refuse = reject;
    });
    const onStart = (): void => {
      this.#hasStarted = true;
    };
    const work = parts.start({ client, onProgress, onStart }, this.#controller.signal);
    this.ended = Promise.race([work, refused]);
    this.ended.then(
      () => this.#change('completed'),
      (thrown: unknown) =>
        this.#change(toRlmError(thrown).code === 'CANCELLED' ? 'cancelled' : 'failed'),
    );
    this.opened =
      sessionId === null
        ? Promise.race([toldOpen, this.ended.then(() => toldOpen)])
        : Promise.resolve(sessionId);
    this.opened.catch(() => undefined); // for whoever asks
  }

  get status(): TaskStatus {
    return this.#state.status;
  }

  get hasEnded(): boolean {
    return hasEnded(this.#state.status);
  }

  /** Null while its session is not open yet. */
  get sessionId(): string | null {
    return this.#sessionId;
  }

  /** Of a run, begun so far. */
  get iterations(): number {
    return this.#iterations;
  }

  /** Fires when something in it asks for an answer. */
  get onDidAsk(): TaskPrompts['onDidAsk'] {
    return this.#prompts.onDidAsk;
  }

  /** As `TaskPrompts.answer`. */
  answer(answers: readonly AgentAnswer[]): Promise<readonly string[]> {
    return this.#prompts.answer(answers);
  }

  /**
   * Settles when the task has ended or needs input, or the call's time has passed.
   * @throws what the task fails with, and RlmError 'CANCELLED'.
   */
  follow(
    call: TaskCall & { readonly waitMs: null },
    signal: AbortSignal,
  ): Promise<Exclude<TaskReport<Kind>, { readonly status: 'working' }>>;
  follow(call: TaskCall, signal: AbortSignal): Promise<TaskReport<Kind>>;
  async follow(call: TaskCall, signal: AbortSignal): Promise<TaskReport<Kind>> {
    const held = new DisposableStore();
    held.add(this.#channel.open(call.sample));
    if (call.ownsTask) {
      held.add(onAbort(signal, () => this.cancel()));
    }
    try {
      const settled = Promise.race([
        this.ended.then((result) => ({ status: 'completed', result }) as const),
        this.#untilDue(call, held),
      ]);
      return call.ownsTask
        ? await settled
        : await untilAborted(settled, signal, () => cancelledError('The waiting'));
    } finally {
      held.dispose();
    }
  }

  /**
   * Gives the session's id as soon as it is open.
   * @throws RlmError of opening it, 'CANCELLED'.
   */
  async untilOpened(signal: AbortSignal): Promise<string> {
    const aborted = onAbort(signal, () => (this.waitMs === null ? this.cancel() : undefined));
    try {
      return await untilAborted(this.opened, signal, () => cancelledError('The run'));
    } finally {
      aborted.dispose();
    }
  }

  /** Asks the work to end. It ends by itself, with what it has or with 'CANCELLED'. */
  cancel(): void {
    this.#controller.abort();
  }

  /** Ends work that waits for its turn in its session, at once and with that error; what has begun goes on. */
  refuse(error: Error): void {
    if (this.#hasStarted) {
      return;
    }
    this.#refuse(error);
    this.#controller.abort();
  }

  #expectAsk(): Disposable {
    this.#expected += 1;
    let isOver = false;
    return toDisposable(() => {
      if (!isOver) {
        isOver = true;
        this.#expected -= 1;
        this.#cameDown.fire();
      }
    });
  }

  #change(event: TaskEvent): void {
    this.#state = nextTaskState(this.#state, event);
  }

  #report(progress: LoopProgress): void {
    if (progress.kind === 'opened') {
      this.#sessionId = progress.sessionId;
      this.#open(progress.sessionId);
    }
    this.#iterations = progress.kind === 'thinking' ? progress.iteration : this.#iterations;
    this.#progress.fire(progress);
  }

  /** A moment after it needs input, or when the call's time has passed. */
  #untilDue({ waitMs, showWhole }: TaskCall, held: DisposableStore): Promise<UnfinishedReport> {
    const toReport = (): UnfinishedReport =>
      this.#state.status === 'input_required'
        ? {
            status: 'input_required',
            ...this.#prompts.list(showWhole),
            count: this.#state.openPrompts,
          }
        : { status: 'working' };
    return new Promise((resolve) => {
      let gathering: Disposable | undefined;
      let isLate = false;
      const settleIfWaiting = (): void => {
        const isDue = this.#state.status === 'input_required' && (this.#expected === 0 || isLate);
        if (isDue) {
          resolve(toReport());
        }
      };
      const gather = (): void => {
        gathering?.dispose();
        gathering = held.add(this.#clock.after(gatherMs, settleIfWaiting));
      };
      const gatherFirst = (): void => {
        if (!gathering) {
          const settleLate = (): void => {
            isLate = true;
            settleIfWaiting();
          };
          held.add(this.#clock.after(maxGatherMs, settleLate));
        }
        gather();
      };
      held.add(this.#prompts.onDidAsk(gatherFirst));
      held.add(this.#cameDown.event(gather));
      if (this.#state.status === 'input_required') {
        gatherFirst();
      }
      if (waitMs !== null) {
        held.add(this.#clock.after(waitMs, () => resolve(toReport())));
      }
    });
  }
}
