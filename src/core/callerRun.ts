// A whole run that goes on between the calls of its caller.

import { onAbort, untilAborted } from '../base/abort';
import { Emitter } from '../base/emitter';
import { CallerWork } from './callerWork';
import type { Clock } from './clock';
import { cancelledError } from './errors';
import type { LoopProgress, LoopRequest, LoopResult, LoopRunner } from './loop';

interface CallerRunParts {
  readonly loops: LoopRunner;
  readonly clock: Clock;
  /** Whether the caller's client offers its own model. */
  readonly canSample: boolean;
  /** How long each call of its caller lasts; null: the run is that of its calls, and ends when one is cancelled. */
  readonly waitMs: number | null;
}

/** Whose client the run has, and where its progress goes, is the run's own matter. */
export type RunRequest = Omit<LoopRequest, 'client' | 'onProgress'>;

export class CallerRun {
  readonly work: CallerWork<LoopResult>;
  readonly waitMs: number | null;
  readonly #progress = new Emitter<LoopProgress>();
  readonly onDidProgress = this.#progress.event;
  /** Settles with the session's id as soon as it is open, whatever becomes of the calls that follow it. */
  readonly opened: Promise<string>;
  #iterations = 0;

  constructor(request: RunRequest, parts: CallerRunParts) {
    const { loops, waitMs } = parts;
    this.waitMs = waitMs;
    let tellOpened: (sessionId: string) => void = () => undefined;
    const opened = new Promise<string>((resolve) => {
      tellOpened = resolve;
    });
    const onProgress = (progress: LoopProgress): void => {
      if (progress.kind === 'opened') {
        tellOpened(progress.sessionId);
      }
      this.#iterations = progress.kind === 'thinking' ? progress.iteration : this.#iterations;
      this.#progress.fire(progress);
    };
    this.work = new CallerWork(
      (client, signal) => loops.run({ ...request, client, onProgress }, signal),
      parts,
    );
    this.opened = Promise.race([opened, this.work.ended.then(({ sessionId }) => sessionId)]);
    this.opened.catch(() => undefined); // for whoever asks
  }

  /** Begun so far. */
  get iterations(): number {
    return this.#iterations;
  }

  /** What aborting a call of the caller does to the run. */
  get onAbort(): 'cancel' | 'leave' {
    return this.waitMs === null ? 'cancel' : 'leave';
  }

  /**
   * Gives the session's id as soon as it is open.
   * @throws RlmError of opening it, 'CANCELLED'.
   */
  async untilOpened(signal: AbortSignal): Promise<string> {
    const aborted = onAbort(signal, () => (this.waitMs === null ? this.work.cancel() : undefined));
    try {
      return await untilAborted(this.opened, signal, () => cancelledError('The run'));
    } finally {
      aborted.dispose();
    }
  }
}
