// The variables of a session that is not live, rebuilt to be read. It holds no lease: nothing is recorded of it,
// and another engine may go on with the session meanwhile.

import type { Disposable } from '../base/disposable';
import { SerialQueue } from '../base/serialQueue';
import type { Clock } from './clock';
import type { ContextReader } from './context';
import { ContextRoom } from './contextLoading';
import { throwIfAborted } from './errors';
import type { ReplOpened } from './event';
import type { History } from './history';
import type { Model } from './model';
import { LostSources } from './replaySources';
import { type ReplayOptions, type ReplayReport, runReplay, toUnfinishedText } from './replayRun';
import type { Sandbox, VariableValue } from './sandbox';
import { SandboxSlot } from './sandboxSlot';
import { createReplayCalls } from './sessionModels';
import type { Summary } from './summary';
import { type ValueRequest, readValue } from './variableValue';

interface ReaderParts {
  readonly sandbox: Sandbox;
  readonly contexts: ContextReader;
  readonly model: Model;
  readonly clock: Clock;
}

/** What is read: `summary` must be no newer than `history`. */
interface ReaderRecord {
  readonly summary: Summary;
  readonly history: History;
}

/** Disposes the sandbox when it fails. @throws RlmError of the replay. */
export async function openReader(
  record: ReaderRecord,
  options: ReplayOptions,
  parts: ReaderParts & { readonly signal: AbortSignal },
): Promise<SessionReader> {
  const { sandbox, signal, contexts, model, clock } = parts;
  const { opened } = record.history;
  const lost = new LostSources();
  try {
    const report = await runReplay(record.history, options, {
      sandbox,
      contexts,
      signal,
      trace: null,
      lost,
      room: new ContextRoom(),
      limits: opened.limits,
      answerLive: (call, usage, callSignal) => {
        const asked = { ...opened, leftMs: opened.limits.maxSessionMs };
        return createReplayCalls(asked, usage, { model, clock }).answer(call, callSignal);
      },
    });
    return new SessionReader(record, { report, lost }, parts);
  } catch (thrown) {
    sandbox.dispose();
    throw thrown;
  }
}

export class SessionReader implements Disposable {
  readonly seed: ReplOpened;
  /** As it was when its record was run. */
  readonly summary: Summary;
  readonly report: ReplayReport;
  readonly #lost: LostSources;
  readonly #clock: Clock;
  readonly #queue = new SerialQueue();
  readonly #slot: SandboxSlot;
  #lastUsedAt: number;

  constructor(
    { summary, history }: ReaderRecord,
    { report, lost }: { readonly report: ReplayReport; readonly lost: LostSources },
    parts: ReaderParts,
  ) {
    this.seed = history.opened;
    this.summary = summary;
    this.report = report;
    this.#lost = lost;
    this.#clock = parts.clock;
    this.#slot = new SandboxSlot(this.seed.sessionId, parts.sandbox);
    this.#lastUsedAt = parts.clock.now();
  }

  get id(): string {
    return this.seed.sessionId;
  }

  /** Epoch ms of the last call that read here. */
  get lastUsedAt(): number {
    return this.#lastUsedAt;
  }

  get pendingCalls(): number {
    return this.#queue.size;
  }

  /** Whether its variables are still those of the session, which others may have gone on with. */
  isOf({ updatedAt, usage, contexts }: Summary): boolean {
    return (
      this.#slot.brokenBy === null &&
      this.#lost.error === null && // the text may be back
      !this.#slot.isClosed &&
      updatedAt === this.summary.updatedAt &&
      usage.steps === this.summary.usage.steps &&
      contexts.length === this.summary.contexts.length
    );
  }

  /** As `Session.readVariable`. @throws RlmError of a context that is not there any more, where the value may rest on it. */
  async readVariable(request: ValueRequest, signal: AbortSignal): Promise<VariableValue> {
    return this.#queue.run(async () => {
      throwIfAborted(signal, 'The call');
      this.#lastUsedAt = this.#clock.now();
      this.#lost.requireSure(request.name);
      const { unfinishedStep } = this.report;
      const note = unfinishedStep === null ? '' : toUnfinishedText(unfinishedStep);
      return readValue(this.#slot.require(), request, signal, note);
    });
  }

  /** Lets go of the sandbox once the calls so far have been answered. */
  async close(): Promise<void> {
    await this.#queue.run(async () => this.dispose());
  }

  dispose(): void {
    this.#slot.dispose();
  }
}
