// Runs a record in a fresh sandbox, step by step, and notes where it differs.

import { type ContextRoom, loadContext } from './contextLoading';
import type { ContextInfo, ContextReader } from './context';
import { RlmError, throwIfAborted } from './errors';
import type { ReplayDifference } from './event';
import type { History, RecordedContext, RecordedStep, RecordedUpload } from './history';
import type { Limits, Usage } from './limits';
import type { Recorder } from './recorder';
import { replayUpload, toFilesNotMade, toNotRepeatable } from './replayFiles';
import {
  type LostSources,
  checkShape,
  textGoneError,
  toNotLoaded,
  toSourceError,
} from './replaySources';
import {
  RecordedCalls,
  adoptInterruption,
  compareContexts,
  compareOutcomes,
  comparePlaces,
} from './replay';
import type { HostCall, Sandbox } from './sandbox';
import type { TraceSink } from './traceStore';
import type { UnreadableLines } from './unreadableLines';

export interface ReplayOptions {
  readonly readText: (name: string) => Promise<string | undefined>;
  /** Contexts and steps replayed, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What a replay did, as its trace event says. */
export interface ReplayReport {
  readonly stepsRun: number;
  readonly stepsSkipped: number;
  /** First 100. */
  readonly differences: readonly ReplayDifference[];
  readonly differenceCount: number;
  /** A step that began and has no end on record: nothing of it was rebuilt. */
  readonly unfinishedStep: number | null;
}

export interface ReplayParts {
  readonly sandbox: Sandbox;
  /** Where the replayed events are appended too: a fork's own trace; null: they are on record already. */
  readonly trace: { readonly recorder: Recorder; readonly sink: TraceSink } | null;
  readonly contexts: ContextReader;
  readonly room: ContextRoom;
  readonly limits: Limits;
  /** Takes contexts that cannot be loaded, which the replay then goes on without; null: it fails. */
  readonly lost: LostSources | null;
  /** So many bytes of a file have been uploaded again. */
  readonly onUploaded?: (bytes: number) => void;
  /** Answers calls that ask no model, by what had been used when the record made them. */
  readonly answerLive: (call: HostCall, usage: Usage, signal: AbortSignal) => Promise<unknown>;
}

const maxReportedDifferences = 100;

export async function runReplay(
  history: History,
  options: ReplayOptions,
  parts: ReplayParts & { readonly signal: AbortSignal },
): Promise<ReplayReport> {
  const differences: ReplayDifference[] = [
    ...comparePlaces(history.opened.sandbox, parts.sandbox.place),
    ...history.unreadable.map(toDifference),
  ];
  for (const [done, item] of history.items.entries()) {
    options.onProgress?.(done, history.items.length);
    throwIfAborted(parts.signal, 'The replay');
    differences.push(...(await replayItem(item, { history, options, parts })));
  }
  return {
    stepsRun: history.items.filter((item) => item.kind === 'step').length,
    stepsSkipped: history.stepsSkipped,
    differences: differences.slice(0, maxReportedDifferences),
    differenceCount: differences.length,
    unfinishedStep: history.unfinishedStep,
  };
}

interface Replaying {
  readonly history: History;
  readonly options: ReplayOptions;
  readonly parts: ReplayParts & { readonly signal: AbortSignal };
}

async function replayItem(
  item: History['items'][number],
  { history, options, parts }: Replaying,
): Promise<readonly ReplayDifference[]> {
  switch (item.kind) {
    case 'context':
      return replayContext(item, options, parts);
    case 'step':
      return replayStep(toComparable(item, history, parts), parts);
    case 'upload':
      return replayFile(item, options, parts);
    case 'command':
      await parts.trace?.recorder.append(item.finished, { usage: item.finished.usage });
      return [toNotRepeatable(item.finished)];
    case 'loss':
      return [toFilesNotMade(item)];
  }
}

async function replayFile(
  { written }: RecordedUpload,
  { readText }: ReplayOptions,
  parts: ReplayParts & { readonly signal: AbortSignal },
): Promise<readonly ReplayDifference[]> {
  const { trace } = parts;
  const { differences, bytes, keptText } = await replayUpload(written, { ...parts, readText });
  if (bytes !== null) {
    parts.onUploaded?.(bytes);
  }
  if (trace) {
    if (written.keptAs !== null && keptText !== null) {
      await trace.sink.keepText(written.keptAs, keptText);
    }
    await trace.recorder.append(written, { usage: written.usage });
  }
  return differences;
}

/** For a person or an agent that goes on with the session. */
export function toUnfinishedText(step: number): string {
  return `Step ${step} began and has no end on record: nothing of it is there. Run its code again if it is still wanted.`;
}

function toDifference({ lines, afterStep }: UnreadableLines): ReplayDifference {
  const recorded = `${lines} line(s) of the record that cannot be read`;
  return { step: afterStep ?? 0, field: 'trace', recorded, replayed: 'left out' };
}

/** Hashes are made alike only where the same backend runs: elsewhere what is shown of values is compared. */
function toComparable(
  item: RecordedStep,
  { opened }: History,
  { sandbox }: ReplayParts,
): RecordedStep {
  if (opened.sandbox.backend === sandbox.place.backend) {
    return item;
  }
  const { finished } = item;
  const changes = finished.outcome.changes.map((change) => ({ ...change, hash: null }));
  return { ...item, finished: { ...finished, outcome: { ...finished.outcome, changes } } };
}

async function replayContext(
  item: RecordedContext,
  options: ReplayOptions,
  parts: ReplayParts & { readonly signal: AbortSignal },
): Promise<readonly ReplayDifference[]> {
  const { trace, lost } = parts;
  const { given, context: recorded } = item.loaded;
  try {
    const { text, context } = await loadAgain(item, options, parts);
    if (trace) {
      if (text !== null) {
        await trace.sink.keepText(toTextName(item.number), text);
      }
      await trace.recorder.append({ kind: 'context.loaded', given, context });
    }
    return compareContexts(recorded, context);
  } catch (thrown) {
    const error = toSourceError(item, thrown);
    if (lost && error instanceof RlmError && error !== thrown) {
      lost.add(recorded.variable, error);
      return [toNotLoaded(item, error)];
    }
    throw error;
  }
}

async function loadAgain(
  { loaded, number }: RecordedContext,
  { readText }: ReplayOptions,
  parts: ReplayParts & { readonly signal: AbortSignal },
): Promise<{ readonly text: string | null; readonly context: ContextInfo }> {
  const { hasText, ...files } = loaded.given;
  const { variable } = loaded.context;
  const name = toTextName(number);
  const text = hasText ? await readText(name) : null;
  if (text === undefined) {
    throw textGoneError(name);
  }
  const { sandbox, contexts, room, signal } = parts;
  const loading = { sandbox, contexts, room, variable };
  const context = await loadContext({ text, ...files }, loading, signal);
  checkShape(loaded.context, context);
  return { text, context };
}

async function replayStep(
  item: RecordedStep,
  parts: ReplayParts & { readonly signal: AbortSignal },
): Promise<readonly ReplayDifference[]> {
  const { sandbox, trace, limits, signal } = parts;
  const { finished, code } = item;
  const { step, outcome: recorded, usage } = finished;
  const cut = new AbortController();
  const calls = new RecordedCalls(item, {
    live: (call, used) => parts.answerLive(call, used, signal),
    interrupt: () => cut.abort(),
  });
  if (trace) {
    await trace.recorder.append({ kind: 'step.started', code }, { step });
  }
  const ran = await sandbox.runStep(
    {
      step,
      code,
      timeoutMs: toTimeoutMs(item, limits),
      maxOutputChars: limits.maxOutputChars,
      onHostCall: (call) => calls.answer(call),
    },
    AbortSignal.any([signal, cut.signal]),
  );
  throwIfAborted(signal, 'The replay'); // the outcome is that of a step cut short
  const outcome = adoptInterruption(recorded, ran);
  if (trace) {
    for (const call of item.calls) {
      await trace.recorder.append(call, { step: call.step, usage: call.usage });
    }
    const { cutAtCall } = finished;
    const cutAt = cutAtCall === undefined ? {} : { cutAtCall };
    await trace.recorder.append(
      { kind: 'step.finished', outcome, stop: null, ...cutAt },
      { usage },
    );
  }
  parts.lost?.takeStep(recorded, outcome);
  return [...calls.differences, ...compareOutcomes(step, recorded, outcome)];
}

/**
 * A step that was interrupted while its code ran is given the time it had; any other all it may need, also one
 * that was interrupted while a call was open, which its replay comes to.
 */
function toTimeoutMs({ finished }: RecordedStep, { maxRuntimeMs }: Limits): number {
  const { outcome, cutAtCall } = finished;
  const isAtCall = outcome.interruption === null || cutAtCall !== undefined;
  return isAtCall ? maxRuntimeMs : Math.max(1, outcome.durationMs);
}

/** Under which name the text of a session's n-th context is kept, from 1. */
export function toTextName(number: number): string {
  return `context-${number}`;
}
