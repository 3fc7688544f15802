// The part of a trace that a replay needs: contexts and finished steps, in order.

import type {
  ContextLoaded,
  FileWritten,
  ModelAnswered,
  ReplOpened,
  ShellFinished,
  StepFinished,
  StepStarted,
  TraceEvent,
} from './event';
import { agentRunError } from './agent/replOnly';
import { RlmError } from './errors';
import { isAgentEvent } from './event';
import type { CutStep } from './keptAnswers';
import { noUsage, type Usage } from './limits';
import { pageEvents, type TraceStore } from './traceStore';
import type { UnreadableLines } from './unreadableLines';

export interface RecordedStep {
  readonly kind: 'step';
  readonly code: string;
  /** Before the step. */
  readonly usage: Usage;
  readonly finished: StepFinished;
  readonly calls: readonly ModelAnswered[];
}

export interface RecordedContext {
  readonly kind: 'context';
  readonly loaded: ContextLoaded;
  /** Its place among the session's contexts, from 1: names its kept text. */
  readonly number: number;
}

/** A file that went into where the code runs. */
export interface RecordedUpload {
  readonly kind: 'upload';
  readonly written: FileWritten;
}

export interface RecordedCommand {
  readonly kind: 'command';
  readonly finished: ShellFinished;
}

/** Steps that are left out, where the files that they may have made outlived their variables. */
export interface RecordedLoss {
  readonly kind: 'loss';
  /** The step whose end took the variables. */
  readonly step: number;
  readonly stepsSkipped: number;
}

type RecordedItem =
  RecordedStep | RecordedContext | RecordedUpload | RecordedCommand | RecordedLoss;

export interface History {
  readonly opened: ReplOpened;
  readonly items: readonly RecordedItem[];
  /** The last step of `items`, 0 when there is none. */
  readonly throughStep: number;
  /** Of the last event that was read. */
  readonly lastStep: number;
  /** Steps left out because a later one lost their variables: what they made is gone in the record too. */
  readonly stepsSkipped: number;
  /** What of the record could not be read: its replay leaves out what stood there. */
  readonly unreadable: readonly UnreadableLines[];
  /** The last step that began, where it has no end on record: what it made is in nothing that is rebuilt. */
  readonly unfinishedStep: number | null;
  /** The last step, where the end of its engine cut it short; null: it was not. */
  readonly cut: CutStep | null;
}

/**
 * Reads what rebuilds a session's state after `atStep` (null: after its last answered step).
 * @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' when there is no such step, or it is an agent run.
 */
export async function readHistory(
  traces: TraceStore,
  sessionId: string,
  atStep: number | null,
): Promise<History> {
  const reader = new HistoryReader(atStep);
  let cursor: string | null = null;
  do {
    const query = { fromStep: null, toStep: atStep, cursor, limit: pageEvents };
    const page = await traces.readEvents(sessionId, query);
    page.events.forEach((event) => reader.take(event));
    reader.takeGaps(page.unreadable);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return reader.finish(sessionId);
}

/** What a session that begins with this record has used. */
export function readUsage({ items }: History): Usage {
  return items.findLast((item) => item.kind === 'step')?.finished.usage ?? noUsage;
}

class HistoryReader {
  readonly #atStep: number | null;
  #opened: ReplOpened | undefined;
  #items: RecordedItem[] = [];
  #contexts = 0;
  #started: StepStarted | undefined;
  #calls: ModelAnswered[] = [];
  #throughStep = 0;
  #lastStep = 0;
  #stepsSkipped = 0;
  readonly #unreadable: UnreadableLines[] = [];
  /** A step that was cancelled, for all that is known by the session's last user. */
  #cancelled: CutStep | null = null;
  /** One that the closing of the session has cut short. */
  #closed: CutStep | null = null;

  constructor(atStep: number | null) {
    this.#atStep = atStep;
  }

  take(event: TraceEvent): void {
    this.#lastStep = event.step;
    if (isAgentEvent(event)) {
      return; // of none but agent runs
    }
    switch (event.kind) {
      case 'session.opened':
        if (event.agent) {
          throw agentRunError(event.sessionId);
        }
        this.#opened = event;
        return;
      case 'context.loaded':
        this.#contexts += 1;
        this.#items.push({ kind: 'context', loaded: event, number: this.#contexts });
        return;
      case 'step.started':
        this.#started = event;
        this.#calls = [];
        this.#cancelled = null;
        this.#closed = null;
        return;
      case 'model.answered':
        if (event.purpose === 'sub_call') {
          this.#calls.push(event);
        }
        return;
      case 'step.finished':
        this.#takeStep(event);
        return;
      case 'file.written':
        if (event.side === 'sandbox') {
          this.#items.push({ kind: 'upload', written: event });
        }
        return;
      case 'shell.finished':
        this.#items.push({ kind: 'command', finished: event });
        if (event.stateLost) {
          this.#loseSteps(event.step, 0);
        }
        return;
      case 'loop.started':
      case 'loop.finished':
      case 'session.closed':
        this.#closed = event.status === 'interrupted' ? this.#cancelled : this.#closed;
        return;
      case 'session.stopped':
      case 'session.finalized':
      case 'session.replayed':
        return;
    }
  }

  takeGaps(gaps: readonly UnreadableLines[]): void {
    this.#unreadable.push(...gaps);
  }

  finish(sessionId: string): History {
    if (!this.#opened) {
      throw new RlmError(
        'SESSION_NOT_FOUND',
        `The trace of session ${sessionId} has no beginning.`,
        {
          nextStep: 'Read what is left of it with rlm_get_trace, and open a new session.',
        },
      );
    }
    if (this.#atStep !== null && this.#atStep !== this.#throughStep) {
      throw new RlmError(
        'INVALID_INPUT',
        `Session ${sessionId} has no answered step ${this.#atStep}; its last is ${this.#throughStep}.`,
        { nextStep: 'Give at_step as rlm_get_trace lists them, or none for the last.' },
      );
    }
    return {
      opened: this.#opened,
      items: this.#items,
      throughStep: this.#throughStep,
      lastStep: this.#lastStep,
      stepsSkipped: this.#stepsSkipped,
      unreadable: this.#unreadable,
      unfinishedStep: this.#started?.step ?? null,
      cut: this.#started ? { code: this.#started.code, calls: this.#calls } : this.#closed,
    };
  }

  #takeStep(finished: StepFinished): void {
    this.#throughStep = finished.step;
    if (finished.outcome.stateLost) {
      this.#loseSteps(finished.step, 1);
    } else if (this.#started) {
      const { code, usage } = this.#started;
      this.#items.push({ kind: 'step', code, usage, finished, calls: this.#calls });
    }
    if (finished.outcome.interruption === 'cancelled' && this.#started) {
      this.#cancelled = { code: this.#started.code, calls: this.#calls };
    }
    this.#started = undefined;
    this.#calls = [];
  }

  /**
   * All that the steps so far had made was lost here; only the contexts were loaded again. Files outlive an
   * interpreter in a place of its own; on WebAssembly they go with it. `losing`: whether it was a step, 1, or
   * a command, 0, that lost them.
   */
  #loseSteps(step: number, losing: 0 | 1): void {
    const keepsFiles = this.#opened?.sandbox.backend !== 'wasm';
    const isKept = ({ kind }: RecordedItem): boolean =>
      kind === 'context' || (keepsFiles && kind !== 'step');
    const skipped = this.#items.filter(({ kind }) => kind === 'step').length + losing;
    this.#stepsSkipped += skipped;
    this.#items = this.#items.filter(isKept);
    if (keepsFiles && skipped > 0) {
      this.#items.push({ kind: 'loss', step, stepsSkipped: skipped });
    }
  }
}
