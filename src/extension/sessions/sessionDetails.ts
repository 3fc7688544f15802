// What an expanded session shows of its trace: its variables, its latest steps and what was put into its sandbox, read
// on from where the last reading ended.

import type { StepError, VariableInfo } from '../../core/sandbox';
import type { FileWritten, TraceEvent } from '../../core/event';
import type { TraceStore } from '../../core/traceStore';
import { type StepVerdict, toVerdict } from '../../export/exportedTrace';
import { readPageAfter } from '../../core/tracePages';

export interface StepLine {
  readonly step: number;
  readonly code: string;
  readonly startedAt: number;
  /** Null while it runs. */
  readonly durationMs: number | null;
  readonly error: StepError | null;
  /** Null while it runs. */
  readonly verdict: StepVerdict | null;
}

const keptSteps = 10;
/** `part_9` before `part_10`. */
const byName = new Intl.Collator('en', { numeric: true });

export class SessionDetails {
  readonly #sessionId: string;
  readonly #variables = new Map<string, VariableInfo>();
  /** By their paths in the sandbox. */
  readonly #uploads = new Map<string, FileWritten>();
  #steps: readonly StepLine[] = [];
  #cursor: string | null = null;
  #reading: Promise<void> | undefined;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** By name. */
  get variables(): readonly VariableInfo[] {
    return [...this.#variables.values()].sort((left, right) =>
      byName.compare(left.name, right.name),
    );
  }

  /** The last of each path, by path. */
  get uploads(): readonly FileWritten[] {
    return [...this.#uploads.values()].sort((left, right) => byName.compare(left.path, right.path));
  }

  /** Newest first. */
  get latestSteps(): readonly StepLine[] {
    return this.#steps.toReversed();
  }

  /** Takes in what the trace has gained; calls share one reading. */
  update(store: TraceStore): Promise<void> {
    this.#reading ??= this.#read(store).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(store: TraceStore): Promise<void> {
    for (let complete = false; !complete;) {
      const page = await readPageAfter(store, this.#sessionId, this.#cursor);
      page.events.forEach((event) => this.#take(event));
      this.#cursor = page.cursor;
      complete = page.complete;
    }
  }

  #take(event: TraceEvent): void {
    if (event.kind === 'step.started') {
      const { step, code, at } = event;
      const line = { step, code, startedAt: at, durationMs: null, error: null, verdict: null };
      this.#steps = [...this.#steps, line].slice(-keptSteps);
    } else if (event.kind === 'step.finished') {
      const { outcome, stop, step } = event;
      const { error, durationMs } = outcome;
      this.#steps = this.#steps.map((line) =>
        line.step === step
          ? { ...line, durationMs, error, verdict: toVerdict({ outcome, stop, code: line.code }) }
          : line,
      );
      this.#takeVariables(event.outcome);
    } else if (event.kind === 'file.written' && event.side === 'sandbox') {
      this.#uploads.set(event.path, event);
    }
  }

  #takeVariables({
    changes,
    variables,
  }: (TraceEvent & { kind: 'step.finished' })['outcome']): void {
    for (const change of changes) {
      this.#variables.set(change.name, change);
    }
    const present = new Set(variables);
    for (const name of this.#variables.keys()) {
      if (!present.has(name)) {
        this.#variables.delete(name);
      }
    }
  }
}
