// Numbers, times and the domain's words as people read them; the same in every format. Documents are
// in English; a view that speaks the reader's language gives its `translate`.

import { fillIn } from '../base/text';
import type {
  FileWritten,
  LoopFinished,
  ModelAnswered,
  SessionStatus,
  ShellFinished,
  StopCause,
} from '../core/event';
import type { AgentLimits, AgentUsage } from '../core/agent/agentEvent';
import type { Limits, Usage } from '../core/limits';
import { toNetworkText } from '../core/networkRecord';
import type { BackendName, Language, Outcome, SandboxPlace } from '../core/sandbox';
import type { Summary } from '../core/summary';
import { countUnreadable, type UnreadableLines } from '../core/unreadableLines';
import type { StepVerdict } from './exportedTrace';

/** English text to the reader's; `{0}` stands for the first value. */
export type Translate = typeof fillIn;

export const statusWords: Readonly<Record<SessionStatus, string>> = {
  active: 'Active',
  stopped: 'Stopped',
  finalized: 'Finalized',
  closed: 'Closed',
  interrupted: 'Interrupted',
  queued: 'Waits in line',
  preparing: 'Prepares its workspace',
  running: 'Running',
  awaiting_approval: 'Waits for you',
  completed: 'Completed',
  failed: 'Failed',
  terminated: 'Terminated',
};

export const languageWords: Readonly<Record<Language, string>> = {
  python: 'Python',
  javascript: 'JavaScript',
};

export const backendWords: Readonly<Record<BackendName, string>> = {
  wasm: 'WebAssembly',
  local: 'This machine’s Python or Node, sandboxed',
  container: 'Container',
  daytona: 'Sandbox of Daytona, on another machine',
  kubernetes: 'Pod of a Kubernetes cluster',
};

/** Where the code runs: `This machine’s Python or Node, sandboxed: CPython 3.12.4 on linux`. */
export function toPlaceText(
  { backend, engine, image, imageDigest }: SandboxPlace,
  translate: Translate = fillIn,
): string {
  const name = translate(backendWords[backend]);
  const details = [image, imageDigest, engine].filter((part) => part !== null && part !== '');
  return details.length === 0 ? name : `${name}: ${details.join(', ')}`;
}

/** What must be seen of a session that runs elsewhere than was asked for; null: nothing. */
export function toFallbackText(
  { backend, fallback }: SandboxPlace,
  translate: Translate = fillIn,
): string | null {
  return (
    fallback &&
    translate(
      'The code ran in {0}: {1} was asked for and could not be had. {2}',
      translate(backendWords[backend]),
      fallback.from,
      fallback.reason,
    )
  );
}

export const verdictWords: Readonly<Record<StepVerdict, string>> = {
  ok: 'OK',
  error: 'Error',
  stopped: 'Stopped',
  unfinished: 'Unfinished',
};

export const stopWords: Readonly<Record<StopCause, string>> = {
  max_steps: 'by a guardrail: all steps are used',
  timeout: 'by a guardrail: the time is used up',
  budget_exceeded: 'by a guardrail: the budget is used up',
  llm_limit: 'by a guardrail: the sub-model limit is reached',
  user: 'by the user',
  run_ended: 'at the end of its run, which has no answer',
};

/** How a run ended, to stand after "Ended". */
export const finishWords: Readonly<Record<LoopFinished['finishReason'], string>> = {
  ...stopWords,
  submitted: 'with the code’s answer',
  max_iterations: 'with all iterations used and no answer handed in',
  cancelled: 'by a cancellation',
  failed: 'by a failure',
};

/** One sentence on how the session stands. */
export function toStatusSentence(
  { status, running, stopCause }: Summary,
  translate: Translate = fillIn,
): string {
  const why = stopCause === null ? null : translate(stopWords[stopCause]);
  switch (status) {
    case 'active':
      return translate(running ? 'A step is running.' : 'Waiting for the next step.');
    case 'stopped':
      return why === null ? translate('Stopped.') : translate('Stopped {0}.', why);
    case 'finalized':
      return why === null
        ? translate('Ended with an answer.')
        : translate('Ended with an answer, after a stop {0}.', why);
    case 'closed':
      return translate('Closed in order, without an answer. It can be resumed.');
    case 'interrupted':
      return translate('Its engine ended before the session did.');
    case 'queued':
      return translate('Waits for its turn to start.');
    case 'preparing':
      return translate('Its workspace is being prepared.');
    case 'running':
      return translate('The agent is at work.');
    case 'awaiting_approval':
      return translate('The agent waits for an approval.');
    case 'completed':
      return translate('The agent has ended its turn. It can be given another.');
    case 'failed':
      return translate('The agent failed.');
    case 'terminated':
      return translate('The agent was stopped.');
  }
}

export interface Gauge {
  readonly name: string;
  readonly used: number;
  readonly allowed: number;
  /** Both with their unit. */
  readonly text: string;
}

export function toGauges(
  limits: Limits,
  usage: Usage,
  translate: Translate = fillIn,
): readonly Gauge[] {
  const toGauge = (
    name: string,
    [used, allowed]: readonly [number, number],
    toText = toCountText,
  ): Gauge => {
    const text = translate('{0} of {1}', toText(used), toText(allowed));
    return { name, used, allowed, text };
  };
  return [
    toGauge(translate('Steps'), [usage.steps, limits.maxSteps]),
    toGauge(translate('Run time'), [usage.runtimeMs, limits.maxRuntimeMs], toDurationText),
    toGauge(translate('Budget (characters)'), [usage.budgetUsed, limits.budgetLimit]),
    toGauge(translate('Sub-model calls'), [usage.llmCalls, limits.maxLlmCalls]),
    toGauge(translate('Sub-model tokens'), [usage.llmTokens, limits.maxLlmTokens]),
  ];
}

/** What a run and its children have used of its limits. */
export function toAgentGauges(
  limits: AgentLimits,
  usage: AgentUsage,
  translate: Translate = fillIn,
): readonly Gauge[] {
  const toGauge = (
    name: string,
    [used, allowed]: readonly [number, number],
    toText = toCountText,
  ): Gauge => {
    const text = translate('{0} of {1}', toText(used), toText(allowed));
    return { name, used, allowed, text };
  };
  const cost = toGauge(translate('Cost'), [usage.usd ?? 0, limits.usd], toUsdText);
  const noPrice = translate('no price is known');
  return [
    toGauge(translate('Tokens'), [usage.tokens, limits.tokens]),
    usage.usd === null ? { ...cost, text: noPrice } : cost,
    toGauge(translate('Run time'), [usage.wallMs, limits.wallMs], toDurationText),
    toGauge(translate('Actions'), [usage.commands, limits.commands]),
    toGauge(translate('Turns'), [usage.turns, limits.turns]),
    toGauge(translate('Children'), [usage.children, limits.children]),
  ];
}

/** `$0.0042`, `$1.20` */
export function toUsdText(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 0.1 ? 4 : 2)}`;
}

/** From 0 to 100, also when nothing is allowed. */
export function toPercent(used: number, allowed: number): number {
  if (allowed <= 0) {
    return used > 0 ? 100 : 0;
  }
  return Math.min(100, Math.max(0, (used / allowed) * 100));
}

/** What else there is to say of a step than its output. */
export function toOutcomeNotes(
  { interruption, stateLost, network }: Outcome,
  translate: Translate = fillIn,
): readonly string[] {
  const notes = [
    interruption === 'timeout' ? translate('The step was interrupted: its time was up.') : null,
    interruption === 'cancelled' ? translate('The step was interrupted: it was cancelled.') : null,
    stateLost
      ? translate(
          'The code did not let go: its variables are lost, the contexts were loaded again.',
        )
      : null,
    network ? translate('Network: {0}', toNetworkText(network)) : null,
  ];
  return notes.filter((note) => note !== null);
}

const maxShownGaps = 10;

/** Beside a trace with damaged lines: how many, and where. */
export function toUnreadableText(
  gaps: readonly UnreadableLines[],
  translate: Translate = fillIn,
): string {
  const places = gaps.slice(0, maxShownGaps).map((gap) => toGapText(gap, translate));
  const more = gaps.length > maxShownGaps ? ['…'] : [];
  return translate(
    '{0} of this trace could not be read ({1}), so what is shown may lack events.',
    toPluralText(countUnreadable(gaps), 'line', translate),
    [...places, ...more].join(', '),
  );
}

function toGapText(gap: UnreadableLines, translate: Translate): string {
  const { afterStep: after, beforeStep: before } = gap;
  const lines = toCountText(gap.lines);
  if (before === null) {
    return after === null
      ? translate('{0} in all of it', lines)
      : translate('{0} after step {1}', lines, after);
  }
  if (before === 0) {
    return translate('{0} before the first step', lines);
  }
  if (after === null) {
    return translate('{0} before step {1}', lines, before);
  }
  if (after === before) {
    return translate('{0} in step {1}', lines, before);
  }
  return translate('{0} between step {1} and step {2}', lines, after, before);
}

/** `12,345` */
export function toCountText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 call`, `2,000 calls` */
export function toPluralText(count: number, noun: string, translate: Translate = fillIn): string {
  return translate(`{0} ${noun}${count === 1 ? '' : 's'}`, toCountText(count));
}

/** `11,204 prompt + 31 answer tokens`, `about …` where nobody counted, and what they cost. */
export function toTokensText(call: ModelAnswered, translate: Translate = fillIn): string {
  const { tokensEstimated, costUsd } = call;
  const counts = [call.promptTokens, call.answerTokens].map(toCountText);
  const cost = costUsd === null ? '' : `, ${toUsdText(costUsd)}`;
  const tokens = tokensEstimated
    ? translate('about {0} prompt + {1} answer tokens', ...counts)
    : translate('{0} prompt + {1} answer tokens', ...counts);
  return tokens + cost;
}

/** `840 ms`, `1.2 s`, `2 min 5 s`, `1 h 4 min` */
export function toDurationText(ms: number): string {
  if (ms < 999.5) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 59_950) {
    return `${(ms / 1000).toFixed(1).replace('.0', '')} s`;
  }
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts =
    hours > 0 ? [`${hours} h`, `${minutes} min`] : [`${minutes} min`, `${seconds % 60} s`];
  return parts.filter((part, index) => index === 0 || !part.startsWith('0 ')).join(' ');
}

/** `2026-07-27 09:30:00 UTC` */
export function toTimeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** What went in or out, its size and hash. */
export function toFileText(event: FileWritten, translate: Translate = fillIn): string {
  const { bytes, sha256, sourcePath } = event;
  const size = translate('{0}, SHA-256 {1}', translate('{0} bytes', toCountText(bytes)), sha256);
  const from = sourcePath === null ? '' : `, ${translate('from {0}', sourcePath)}`;
  const replaced = event.replaced ? `, ${translate('replaced another')}` : '';
  return `${size}${from}${replaced}`;
}

/** How a command ended, and what is not shown of it. */
export function toCommandText(event: ShellFinished, translate: Translate = fillIn): string {
  const { exitCode, interruption, endedBy, durationMs, droppedBytes, replaced, stateLost, stop } =
    event;
  const dropped = droppedBytes.stdout + droppedBytes.stderr;
  const facts = [
    exitCode === null ? translate('no exit code') : translate('exit code {0}', exitCode),
    toDurationText(durationMs),
    interruption === 'timeout' ? translate('out of time') : null,
    interruption === 'cancelled' ? translate('cancelled') : null,
    endedBy,
    dropped > 0 ? translate('{0} not kept', translate('{0} bytes', toCountText(dropped))) : null,
    replaced.stdout || replaced.stderr ? translate('bytes that are not UTF-8 are replaced') : null,
    stateLost ? translate('variables are lost') : null,
    stop === null ? null : translate('guardrail {0}', stop),
    event.network ? translate('Network: {0}', toNetworkText(event.network)) : null,
  ];
  return facts.filter((fact) => fact !== null).join(', ');
}
