// Traces for tests: single events with everything filled in, and one whole session as a model would run it.

import type { ContextInfo, SourceInfo } from '../../src/core/context';
import type {
  ContextLoaded,
  FileWritten,
  ModelAnswered,
  SessionClosed,
  SessionFinalized,
  ReplOpened,
  SessionStopped,
  ShellFinished,
  StepFinished,
  StepStarted,
  TraceEvent,
} from '../../src/core/event';
import { createLimits, noUsage, type Usage } from '../../src/core/limits';
import { type Outcome, type VariableChange, unrecordedPlace } from '../../src/core/sandbox';
import { applyEvent, createSummary, type Summary } from '../../src/core/summary';
import { emptyOutcome } from './emptyOutcome';

export const sampleSessionId = '0198c0de-4d2a-7c1e-9b7f-3a52c6d1e8f0';
export const sampleEngineId = '0198c0dd-0000-7000-8000-00000000e001';
export const sampleStart = Date.UTC(2026, 6, 27, 9, 30, 0);

const header = { at: sampleStart, step: 0, status: 'active', usage: noUsage } as const;

export function createOpened(over: Partial<ReplOpened> = {}): ReplOpened {
  return {
    kind: 'session.opened',
    ...header,
    sessionId: sampleSessionId,
    title: 'Why did checkout latency double on 14 July?',
    language: 'python',
    sandbox: unrecordedPlace,
    agent: null,
    limits: createLimits({ maxSteps: 16, budgetLimit: 60_000, maxLlmCalls: 40 }),
    parentSessionId: null,
    sourceStep: null,
    depth: 0,
    engineId: sampleEngineId,
    version: '0.1.0',
    ...over,
  };
}

export function createSource(
  path: string,
  chars: number,
  over: Partial<SourceInfo> = {},
): SourceInfo {
  const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  return {
    path,
    chars,
    encoding: 'utf-8',
    encodingFrom: 'guessed',
    replacedChars: 0,
    hash,
    ...over,
  };
}

export function createContext(over: Partial<ContextInfo> = {}): ContextInfo {
  return {
    variable: 'context',
    kind: 'text',
    shape: 'string',
    hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    warnings: [],
    skipped: [],
    skippedCount: 0,
    totalChars: 12,
    totalLines: 1,
    sources: [createSource('text', 12)],
    sourceCount: 1,
    preview: 'Hello world!',
    ...over,
  };
}

export function createContextLoaded(over: Partial<ContextLoaded> = {}): ContextLoaded {
  return {
    kind: 'context.loaded',
    ...header,
    given: {
      hasText: true,
      textForm: 'text',
      paths: [],
      baseFolder: '/work',
      encoding: null,
      includeIgnored: false,
    },
    context: createContext(),
    ...over,
  };
}

export function createStepStarted(over: Partial<StepStarted> = {}): StepStarted {
  return { kind: 'step.started', ...header, step: 1, code: 'print(len(context))', ...over };
}

export function createOutcome(over: Partial<Outcome> = {}): Outcome {
  return { ...emptyOutcome, durationMs: 10, ...over };
}

export function createStepFinished(over: Partial<StepFinished> = {}): StepFinished {
  return {
    kind: 'step.finished',
    ...header,
    step: 1,
    outcome: createOutcome(),
    stop: null,
    ...over,
  };
}

export function createModelAnswered(over: Partial<ModelAnswered> = {}): ModelAnswered {
  return {
    kind: 'model.answered',
    ...header,
    step: 1,
    call: 0,
    purpose: 'sub_call',
    childSessionId: null,
    model: 'openai/gpt-5-mini',
    prompt: 'Say hello.',
    promptChars: 10,
    answer: 'Hello.',
    error: null,
    promptTokens: 4,
    answerTokens: 2,
    tokensEstimated: false,
    costUsd: null,
    durationMs: 420,
    ...over,
  };
}

export function createFileWritten(over: Partial<FileWritten> = {}): FileWritten {
  return {
    kind: 'file.written',
    ...header,
    side: 'sandbox',
    path: '/work/a.txt',
    sourcePath: null,
    keptAs: 'file-abc',
    keptForm: 'utf8',
    bytes: 3,
    sha256: 'ba7816bf',
    replaced: false,
    ...over,
  };
}

export function createShellFinished(over: Partial<ShellFinished> = {}): ShellFinished {
  return {
    kind: 'shell.finished',
    ...header,
    command: 'sort a.txt',
    replaced: { stdout: false, stderr: false },
    exitCode: 0,
    stdout: 'a\n',
    stderr: '',
    droppedBytes: { stdout: 0, stderr: 0 },
    interruption: null,
    endedBy: null,
    durationMs: 4,
    stateLost: false,
    stop: null,
    ...over,
  };
}

export function createStopped(over: Partial<SessionStopped> = {}): SessionStopped {
  return { kind: 'session.stopped', ...header, status: 'stopped', cause: 'user', ...over };
}

export function createFinalized(over: Partial<SessionFinalized> = {}): SessionFinalized {
  return {
    kind: 'session.finalized',
    ...header,
    status: 'finalized',
    answer: 'Done.',
    fromVariable: null,
    finishReason: 'completed',
    ...over,
  };
}

export function createClosed(over: Partial<SessionClosed> = {}): SessionClosed {
  return { kind: 'session.closed', ...header, reason: 'idle', ...over };
}

/** The fold of all events, or undefined when they do not begin with an opening. */
export function foldEvents(events: readonly TraceEvent[]): Summary | undefined {
  const [opened, ...rest] = events;
  return opened?.kind === 'session.opened'
    ? rest.reduce(applyEvent, createSummary(opened))
    : undefined;
}

interface ScriptedStep {
  readonly code: string;
  readonly outcome: Partial<Outcome>;
  readonly calls?: readonly Partial<ModelAnswered>[];
}

/** A finalized session of eight steps: searches, sub-model calls, an error, a time-out, an answer. */
export function createSampleTrace(): readonly TraceEvent[] {
  const events: TraceEvent[] = [createOpened(), sampleContextLoaded()];
  let usage: Usage = noUsage;
  let at = sampleStart + 2_140;
  for (const [index, scripted] of sampleSteps.entries()) {
    const step = index + 1;
    const outcome = createOutcome(scripted.outcome);
    events.push(createStepStarted({ at, step, usage, code: scripted.code }));
    for (const [call, answered] of (scripted.calls ?? []).entries()) {
      const event = createModelAnswered({ at: at + 900, step, call, ...answered });
      const llmTokens = usage.llmTokens + event.promptTokens + event.answerTokens;
      usage = { ...usage, llmCalls: usage.llmCalls + 1, llmTokens };
      events.push({ ...event, usage });
    }
    at += outcome.durationMs;
    usage = {
      ...usage,
      steps: step,
      runtimeMs: usage.runtimeMs + outcome.durationMs,
      budgetUsed:
        usage.budgetUsed + scripted.code.length + outcome.stdout.length + outcome.stderr.length,
    };
    events.push(createStepFinished({ at, step, usage, outcome }));
    at += 4_000 + step * 700;
  }
  const step = sampleSteps.length;
  events.push(createFinalized({ at, step, usage, answer: sampleAnswer, fromVariable: 'report' }));
  events.push(createClosed({ at: at + 1_000, step, usage, status: 'finalized' }));
  return events;
}

function sampleContextLoaded(): ContextLoaded {
  return createContextLoaded({
    at: sampleStart + 1_200,
    given: {
      hasText: false,
      textForm: 'text',
      paths: ['logs/checkout', 'deploys.csv'],
      baseFolder: '/work',
      encoding: null,
      includeIgnored: false,
    },
    context: createContext({
      kind: 'files',
      shape: 'mapping',
      totalChars: 184_220_317,
      totalLines: 1_402_118,
      sourceCount: 312,
      sources: [
        createSource('logs/checkout/2026-07-13/api-00.log', 602_114),
        createSource('logs/checkout/2026-07-13/api-01.log', 598_870),
        createSource('logs/checkout/2026-07-14/api-00.log', 1_204_551),
        createSource('logs/checkout/2026-07-14/payments-worker.log', 2_310_004),
        createSource('deploys.csv', 8_412),
      ],
      skippedCount: 3,
      skipped: [
        { path: 'logs/checkout/core.dump', reason: 'binary' },
        { path: 'logs/checkout/.cache/index', reason: 'ignored by .gitignore' },
      ],
      preview:
        '2026-07-13T00:00:01.204Z INFO  checkout-api request id=9f2c route=/cart/confirm ms=182',
    }),
  });
}

function toChange(
  change: VariableChange['change'],
  name: string,
  type: string,
  size: number | null,
  preview: string,
): VariableChange {
  return { change, name, type, size, preview, hash: null };
}

const sampleAnswer = `Checkout latency doubled on 14 July because release 2026.07.14-2 (deployed 09:12 UTC) made the payments worker open a new TLS connection to the card processor for every attempt.

1. p95 of /cart/confirm rose from 410 ms to 866 ms between 09:10 and 09:20 UTC (payments-worker.log, offsets 118,204–121,990).
2. "opening connection to processor" went from 14 to 2,116 lines a minute in the same window.
3. No other service changed its latency; the deploy list has one release in that hour.

Fix: restore the shared agent that commit 4be1d07 removed from processor_client.py.`;

const sampleSteps: readonly ScriptedStep[] = [
  {
    code: `paths = sorted(context)
print(len(paths), "files")
for path in paths[:5]:
    print(path, len(context[path]))`,
    outcome: {
      stdout: `312 files
deploys.csv 8412
logs/checkout/2026-07-13/api-00.log 602114
logs/checkout/2026-07-13/api-01.log 598870
logs/checkout/2026-07-13/api-02.log 611003
logs/checkout/2026-07-13/api-03.log 604418
`,
      durationMs: 184,
      variables: ['paths'],
      changes: [
        toChange('added', 'paths', 'list', 312, "['deploys.csv', 'logs/checkout/2026-07-…"),
      ],
    },
  },
  {
    code: `import re
slow = re.compile(r"route=/cart/confirm ms=(\\d+)")

def p95(text):
    values = sorted(int(m.group(1)) for m in slow.finditer(text))
    return values[int(len(values) * 0.95)] if values else None

by_day = {}
for path in paths:
    day = path.split("/")[2]
    by_day.setdefault(day, []).append(p95(context[path]))
by_day`,
    outcome: {
      durationMs: 412,
      error: {
        type: 'IndexError',
        message: 'list index out of range',
        line: 10,
        traceback: `Traceback (most recent call last):
  File "<step 2>", line 10, in <module>
    day = path.split("/")[2]
          ~~~~~~~~~~~~~~~^^^
IndexError: list index out of range
`,
      },
      variables: ['by_day', 'p95', 'paths', 'slow'],
      changes: [
        toChange('added', 'by_day', 'dict', 0, '{}'),
        toChange('added', 'p95', 'function', null, '<function p95 at 0x1f3a8>'),
        toChange(
          'added',
          'slow',
          're.Pattern',
          null,
          "re.compile('route=/cart/confirm ms=(\\\\d+)')",
        ),
      ],
    },
  },
  {
    code: `by_day = {}
for path in paths:
    parts = path.split("/")
    if len(parts) < 4:
        continue
    by_day.setdefault(parts[2], []).append(p95(context[path]))
{day: max(v for v in values if v) for day, values in by_day.items()}`,
    outcome: {
      durationMs: 3_871,
      result: "{'2026-07-13': 410, '2026-07-14': 866, '2026-07-15': 871}",
      variables: ['by_day', 'p95', 'parts', 'path', 'paths', 'slow'],
      changes: [
        toChange(
          'changed',
          'by_day',
          'dict',
          3,
          "{'2026-07-13': [402, 410, 399, 405], '2026-07-14': [851, 866, …",
        ),
        toChange('added', 'parts', 'list', 4, "['logs', 'checkout', '2026-07-15', 'worker.log']"),
      ],
    },
  },
  {
    code: `while True:
    grep(r"opening connection", path=paths[-1])`,
    outcome: {
      durationMs: 30_004,
      interruption: 'timeout',
      stderr: 'grep: 2116 hits, 50 shown\n',
      error: {
        type: 'TimeoutError',
        message: 'the step ran longer than 30 s and was interrupted',
        line: 2,
        traceback:
          'Traceback (most recent call last):\n  File "<step 4>", line 2, in <module>\nTimeoutError: the step ran longer than 30 s and was interrupted\n',
      },
    },
  },
  {
    code: `worker = context["logs/checkout/2026-07-14/payments-worker.log"]
windows = [worker[i:i + 40_000] for i in range(100_000, 260_000, 40_000)]
answers = llm_query_batched([
    f"List every change of behaviour in this log, with its time:\\n\\n{window}"
    for window in windows
])
for answer in answers:
    print("-", answer)`,
    calls: [
      {
        prompt:
          'List every change of behaviour in this log, with its time:\n\n2026-07-14T09:08:11.002Z INFO payments-worker …',
        promptChars: 40_060,
        answer:
          'From 09:12:40 UTC on, each attempt logs "opening connection to processor"; before that, once a minute.',
        promptTokens: 11_204,
        answerTokens: 31,
        durationMs: 2_904,
      },
      {
        prompt:
          'List every change of behaviour in this log, with its time:\n\n2026-07-14T09:21:54.731Z INFO payments-worker …',
        promptChars: 40_060,
        answer: 'No change: every attempt opens a connection and closes it after the reply.',
        promptTokens: 11_198,
        answerTokens: 19,
        durationMs: 2_411,
      },
      {
        prompt:
          'List every change of behaviour in this log, with its time:\n\n2026-07-14T09:36:02.118Z INFO payments-worker …',
        promptChars: 40_060,
        answer: null,
        error: 'The model did not answer within 60 s.',
        promptTokens: 0,
        answerTokens: 0,
        durationMs: 60_000,
      },
    ],
    outcome: {
      durationMs: 8_312,
      stdout: `- From 09:12:40 UTC on, each attempt logs "opening connection to processor"; before that, once a minute.
- No change: every attempt opens a connection and closes it after the reply.
`,
      changes: [
        toChange('added', 'answers', 'list', 3, "['From 09:12:40 UTC on, each attempt logs …"),
        toChange(
          'added',
          'windows',
          'list',
          4,
          "['2026-07-14T09:08:11.002Z INFO payments-worker …",
        ),
        toChange(
          'added',
          'worker',
          'str',
          2_310_004,
          '2026-07-14T00:00:00.114Z INFO payments-worker started pid=4411',
        ),
        toChange('removed', 'parts', 'list', null, ''),
      ],
    },
  },
  {
    code: `[line for line in context["deploys.csv"].splitlines() if "2026-07-14T09" in line]`,
    outcome: {
      durationMs: 6,
      result:
        "['2026-07-14T09:12:03Z,checkout,2026.07.14-2,4be1d07,processor client: drop shared agent']",
    },
  },
  {
    code: `hits = grep(r"opening connection to processor", path="logs/checkout/2026-07-14/payments-worker.log")
print("\\x1b[32m%d hits\\x1b[0m" % len(hits))
hits[0], hits[-1]`,
    outcome: {
      durationMs: 1_120,
      stdout: '\u001b[32m2116 hits\u001b[0m\n',
      result: '((118204, 118241), (121949, 121990))',
      dropped: { stdout: 18_204, stderr: 0, result: 0 },
      changes: [toChange('added', 'hits', 'list', 2_116, '[(118204, 118241), (118377, 118414), …')],
    },
  },
  {
    code: `report = f"""Checkout latency doubled on 14 July because release 2026.07.14-2 …"""
FINAL_VAR("report")`,
    outcome: {
      durationMs: 14,
      finalAnswer: sampleAnswer,
      changes: [
        toChange('added', 'report', 'str', 742, 'Checkout latency doubled on 14 July because …'),
      ],
    },
  },
];
