// What a session's sandbox holds: the contexts that were loaded, and the variables, which a replay of the record
// rebuilds in another sandbox when the first is gone.

import { Interruptible } from '../base/interruptible';
import type { ContextInfo, ContextReader, GivenContext } from './context';
import { ContextRoom, type LoadProgress, chooseVariable, loadContext } from './contextLoading';
import type { History } from './history';
import { KeptAnswers } from './keptAnswers';
import type { Limits } from './limits';
import type { Recorder } from './recorder';
import { type ReplayOptions, type ReplayReport, runReplay, toTextName } from './replayRun';
import type { Sandbox } from './sandbox';
import type { SandboxSlot } from './sandboxSlot';
import type { SessionModels } from './sessionModels';
import type { TraceSink } from './traceStore';

interface ContentsParts {
  readonly limits: Limits;
  readonly slot: SandboxSlot;
  readonly recorder: Recorder;
  readonly models: SessionModels;
  readonly sink: TraceSink;
  readonly contexts: ContextReader;
  /** So many bytes of a file have been uploaded again. */
  readonly onUploaded: (bytes: number) => void;
}

export interface SessionReplayOptions extends ReplayOptions {
  readonly sandbox?: Sandbox;
  /** Where the record comes from. */
  readonly sourceSessionId: string;
  /** Whether the replayed events are appended too: in a fork's own trace they are. */
  readonly record: boolean;
  readonly engineId: string;
}

export class SessionContents {
  readonly #parts: ContentsParts;
  readonly #building = new Interruptible();
  /** Of the contexts in the sandbox that is there now. */
  #room = new ContextRoom();
  /** For the next step, where it is the one that the end of an engine has cut short. */
  #kept: KeptAnswers | null = null;
  /** Of the last replay, where the variables may be other than on record and no step has ended since. */
  #untoldReplay: ReplayReport | null = null;

  constructor(parts: ContentsParts) {
    this.#parts = parts;
  }

  get untoldReplay(): ReplayReport | null {
    return this.#untoldReplay;
  }

  /** A load or a replay is going on. */
  get isBuilding(): boolean {
    return this.#building.isRunning;
  }

  /** Interrupts the load or the replay that runs. */
  interrupt(): void {
    this.#building.interrupt();
  }

  /** What the last replay had to tell has been told with a step that has ended. */
  markTold(): void {
    this.#untoldReplay = null;
  }

  /** Answers for a step of this code, where the end of an engine had cut just that one short. */
  takeKept(code: string): KeptAnswers | null {
    const kept = this.#kept;
    this.#kept = null;
    return kept?.isOf(code) ? kept : null;
  }

  /** As `Session.addContext`. */
  async load(
    given: GivenContext,
    options: { readonly name?: string; readonly onProgress?: LoadProgress },
    signal: AbortSignal,
  ): Promise<ContextInfo> {
    const { slot, recorder, contexts, sink } = this.#parts;
    const sandbox = slot.require();
    const number = recorder.summary.contexts.length + 1; // as a replay counts those on record
    const variable = await chooseVariable(sandbox, { name: options.name ?? null, number }, signal);
    const loading = { variable, ...options, contexts, sandbox, room: this.#room };
    const context = await this.#building.run(signal, (combined) =>
      loadContext(given, loading, combined),
    );
    if (given.text !== null) {
      await sink.keepText(toTextName(number), given.text);
    }
    await recorder.append({
      kind: 'context.loaded',
      given: {
        hasText: given.text !== null,
        textForm: given.textForm ?? 'text',
        paths: given.paths,
        baseFolder: contexts.baseFolder,
        encoding: given.encoding ?? null,
        includeIgnored: given.includeIgnored ?? false,
      },
      context,
    });
    return context;
  }

  /** As `Session.replay`. */
  async rebuild(
    history: History,
    options: SessionReplayOptions,
    signal: AbortSignal,
  ): Promise<ReplayReport> {
    const { slot, models, recorder } = this.#parts;
    slot.replace(options.sandbox ?? slot.current);
    this.#room = new ContextRoom();
    const report = await this.#building.run(signal, (combined) =>
      this.#run(history, options, combined),
    );
    this.#untoldReplay = !options.record && isNews(report) ? report : null;
    models.takeUsage();
    this.#kept = history.cut && !options.record ? new KeptAnswers(history.cut) : null;
    const { sourceSessionId, engineId } = options;
    const { throughStep } = history;
    const { status } = recorder.summary;
    const { unfinishedStep, ...replayed } = report;
    void unfinishedStep; // the record tells that by itself
    const isResumed = status === 'interrupted' || status === 'closed';
    await recorder.append(
      { kind: 'session.replayed', sourceSessionId, throughStep, engineId, ...replayed },
      isResumed ? { status: 'active' } : {},
    );
    return report;
  }

  #run(
    history: History,
    options: SessionReplayOptions,
    signal: AbortSignal,
  ): Promise<ReplayReport> {
    const { slot, models, recorder, contexts, sink, limits, onUploaded } = this.#parts;
    return runReplay(history, options, {
      contexts,
      sandbox: slot.current,
      trace: options.record ? { recorder, sink } : null,
      room: this.#room,
      limits,
      lost: null,
      onUploaded,
      signal,
      answerLive: (call, usage, callSignal) =>
        models.createReplayCalls(history.opened.limits, usage).answer(call, callSignal),
    });
  }
}

function isNews({ differenceCount, unfinishedStep }: ReplayReport): boolean {
  return differenceCount > 0 || unfinishedStep !== null;
}
