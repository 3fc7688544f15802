// One event as one line of a trace file, and back. A line is JSON with snake_case keys, `kind` first
// and a checksum last; what is null, false or an empty list is left out and restored on reading.

import * as z from 'zod';

import { checkJsonShape } from '../base/jsonShape';
import { toCamelKeys, toSnakeKeys } from '../base/keys';
import { encodingOrigins, textForms } from '../core/context';
import { RlmError } from '../core/errors';
import {
  keptForms,
  loopFinishReasons,
  sessionStatuses,
  stopCauses,
  type TraceEvent,
  verbosities,
} from '../core/event';
import { stopReasons } from '../core/limits';
import { maxNetworkUses } from '../core/networkRecord';
import { backendNames, languages, outputFields, unrecordedPlace } from '../core/sandbox';
import { crc32 } from './crc32';
import { agentInfo, agentStanding, createAgentEventSchemas } from './agentEventCodec';
import { isId } from './home';

/** A longer line is never written, and skipped on reading. */
export const maxLineBytes = 8_000_000;
/** A context may be given by 100,000 paths; lists of a step are far shorter. More is built only from a forged line. */
const lineBounds = { maxDepth: 20, maxValues: 150_000 };
/** Five times what a session is opened with. */
const maxTitleChars = 1_000;
const maxRequestIdChars = 64;
const maxUserChars = 64;

/** How every line of a kind begins. A line break inside a value is escaped, so the whole of it is unmistakable. */
export function toLineStart(kind: TraceEvent['kind']): string {
  return `{"kind":"${kind}"`;
}

/**
 * The line with its line feed.
 * @throws RlmError 'INVALID_INPUT' when it is longer than `maxLineBytes`.
 */
export function encodeEvent(event: TraceEvent): Buffer {
  const { kind, at, ...rest } = event;
  const fields = toSnakeKeys({ kind, at: new Date(at).toISOString(), ...rest });
  const body = Buffer.from(JSON.stringify(fields, dropDefault).slice(0, -1));
  const line = Buffer.concat([body, Buffer.from(`${toSeal(body)}\n`)]);
  if (line.length > maxLineBytes) {
    throw new RlmError('INVALID_INPUT', `A ${kind} event takes ${line.length} bytes.`, {
      nextStep: `Keep answers and outputs below ${maxLineBytes} bytes; print or return less.`,
    });
  }
  return line;
}

/** Undefined when `line` (without its line feed) is not exactly what `encodeEvent` wrote. */
export function decodeEvent(line: Buffer): TraceEvent | undefined {
  const end = line.length - sealBytes;
  if (end <= 0) {
    return undefined;
  }
  const body = line.subarray(0, end);
  if (line.toString('latin1', end) !== toSeal(body)) {
    return undefined;
  }
  try {
    const text = `${body.toString('utf8')}}`;
    return checkJsonShape(text, lineBounds) === 'fits'
      ? eventSchema.parse(toCamelKeys(JSON.parse(text)))
      : undefined;
  } catch {
    return undefined;
  }
}

/** JSON alone would take a flipped digit for the truth, and a wrong step number misleads the search for a step. */
function toSeal(body: Buffer): string {
  return `,"crc":"${crc32(body).toString(16).padStart(8, '0')}"}`;
}

const sealBytes = toSeal(Buffer.alloc(0)).length;

function dropDefault(_key: string, value: unknown): unknown {
  const isDefault =
    value === null || value === false || (Array.isArray(value) && value.length === 0);
  return isDefault ? undefined : value;
}

const count = z.number().nonnegative();
const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);
const list = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const flag = z.boolean().default(false);
/** Becomes a name in the home folder, or of a file that is exported. */
const id = z.string().refine(isId);

const limits = z.object({
  maxSteps: count,
  maxRuntimeMs: count,
  budgetLimit: count,
  stepTimeoutMs: count,
  maxSessionMs: count,
  maxMemoryMb: count,
  maxOutputChars: count,
  maxLlmCalls: count,
  maxLlmTokens: count,
  maxDepth: count,
});

const sandboxPlace = z.object({
  backend: z.enum(backendNames),
  engine: z.string(),
  image: orNull(z.string()),
  imageDigest: orNull(z.string()),
  walls: list(z.string()),
  fallback: orNull(z.object({ from: z.enum(backendNames), reason: z.string() })),
});

const usage = z.object({
  steps: count,
  runtimeMs: count,
  budgetUsed: count,
  llmCalls: count,
  llmTokens: count,
});

const sharedLimit = z.object({ max: count, left: count }).optional();
const shared = z.object({
  steps: sharedLimit,
  runtimeMs: sharedLimit,
  budgetUsed: sharedLimit,
  llmCalls: sharedLimit,
  llmTokens: sharedLimit,
});

const context = z.object({
  variable: z.string(),
  kind: z.enum(['text', 'files']),
  shape: z.enum(['string', 'mapping']),
  skipped: list(z.object({ path: z.string(), reason: z.string() })),
  skippedCount: count,
  totalChars: count,
  totalLines: count,
  sources: list(
    z.object({
      path: z.string(),
      chars: count,
      encoding: z.string(),
      encodingFrom: z.enum(encodingOrigins),
      replacedChars: count,
      hash: z.string(),
    }),
  ),
  hash: z.string(),
  warnings: list(z.string()),
  sourceCount: count,
  preview: z.string(),
});

const network = z
  .object({
    uses: list(
      z.object({
        host: z.string(),
        port: count,
        verdict: z.enum(['allowed', 'refused', 'failed']),
        reason: orNull(z.string()),
        connections: count,
        sentBytes: count,
        receivedBytes: count,
      }),
    ).refine((uses) => uses.length <= maxNetworkUses),
    unlisted: count,
  })
  .optional();

const outcome = z.object({
  stdout: z.string(),
  stderr: z.string(),
  dropped: z.object({ stdout: count, stderr: count, result: count }),
  abridged: list(z.enum(outputFields)),
  result: orNull(z.string()),
  error: orNull(
    z.object({
      type: z.string(),
      message: z.string(),
      line: orNull(z.number()),
      traceback: z.string(),
    }),
  ),
  variables: list(z.string()),
  changes: list(
    z.object({
      name: z.string(),
      type: z.string(),
      size: orNull(z.number()),
      preview: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      hash: orNull(z.string()),
    }),
  ),
  finalAnswer: orNull(z.string()),
  durationMs: count,
  interruption: orNull(z.enum(['timeout', 'cancelled'])),
  stateLost: flag,
  network,
});

const header = {
  at: z.iso.datetime().transform((text) => Date.parse(text)),
  step: z.int().nonnegative(),
  status: z.enum(sessionStatuses),
  usage,
  requestId: z.string().max(maxRequestIdChars).optional(),
  user: z.string().max(maxUserChars).optional(),
  shared: shared.optional(),
  agentStanding: agentStanding.optional(),
};

const opened = {
  ...header,
  kind: z.literal('session.opened'),
  sessionId: id,
  title: z.string().max(maxTitleChars),
  limits,
  verbosity: z.enum(verbosities).optional(),
  parentSessionId: orNull(id),
  sourceStep: orNull(count),
  depth: count,
  engineId: id,
  version: z.string(),
};

const replOpened = z.object({
  ...opened,
  language: z.enum(languages),
  sandbox: sandboxPlace.default({ ...unrecordedPlace, walls: [] }),
  agent: z.null().default(null),
});

const agentOpened = z.object({
  ...opened,
  language: z.null().default(null),
  sandbox: z.null().default(null),
  agent: agentInfo,
});

const otherSchema = z.discriminatedUnion('kind', [
  replOpened,
  ...createAgentEventSchemas(header),
  z.object({
    ...header,
    kind: z.literal('context.loaded'),
    given: z.object({
      hasText: flag,
      textForm: z.enum(textForms),
      paths: list(z.string()),
      baseFolder: z.string(),
      encoding: orNull(z.string()),
      includeIgnored: flag,
    }),
    context,
  }),
  z.object({ ...header, kind: z.literal('step.started'), code: z.string() }),
  z.object({
    ...header,
    kind: z.literal('step.finished'),
    outcome,
    stop: orNull(z.enum(stopReasons)),
    cutAtCall: count.optional(),
  }),
  z.object({
    ...header,
    kind: z.literal('model.answered'),
    call: count,
    purpose: z.enum(['loop', 'sub_call']),
    childSessionId: orNull(id),
    model: z.string(),
    askedModel: z.string().optional(),
    prompt: z.string(),
    promptChars: count,
    promptHash: z.string().optional(),
    replacedSurrogates: count.optional(),
    answer: orNull(z.string()),
    error: orNull(z.string()),
    promptTokens: count,
    answerTokens: count,
    tokensEstimated: flag,
    costUsd: orNull(count),
    durationMs: count,
  }),
  z.object({
    ...header,
    kind: z.literal('loop.started'),
    task: z.string(),
    model: orNull(z.string()),
    subModel: orNull(z.string()),
    maxIterations: count,
  }),
  z.object({
    ...header,
    kind: z.literal('loop.finished'),
    finishReason: z.enum([...loopFinishReasons, 'cancelled', 'failed']),
    iterations: count,
    error: orNull(z.string()),
  }),
  z.object({
    ...header,
    kind: z.literal('file.written'),
    side: z.enum(['sandbox', 'host']),
    path: z.string(),
    sourcePath: orNull(z.string()),
    keptAs: orNull(z.string()),
    keptForm: z.enum(keptForms),
    bytes: count,
    sha256: z.string(),
    replaced: flag,
  }),
  z.object({
    ...header,
    kind: z.literal('shell.finished'),
    command: z.string(),
    exitCode: orNull(z.int()),
    stdout: z.string(),
    stderr: z.string(),
    droppedBytes: z.object({ stdout: count, stderr: count }),
    replaced: z.object({ stdout: flag, stderr: flag }),
    interruption: orNull(z.enum(['timeout', 'cancelled'])),
    endedBy: orNull(z.string()),
    durationMs: count,
    stateLost: flag,
    network,
    stop: orNull(z.enum(stopReasons)),
  }),
  z.object({
    ...header,
    kind: z.literal('session.stopped'),
    cause: z.enum(stopCauses),
  }),
  z.object({
    ...header,
    kind: z.literal('session.finalized'),
    answer: z.string(),
    fromVariable: orNull(z.string()),
    finishReason: z.enum(['completed', ...stopReasons]),
  }),
  z.object({ ...header, kind: z.literal('session.closed'), reason: z.string() }),
  z.object({
    ...header,
    kind: z.literal('session.replayed'),
    sourceSessionId: id,
    throughStep: count,
    stepsRun: count,
    stepsSkipped: count,
    differences: list(
      z.object({
        step: count,
        field: z.string(),
        recorded: z.string(),
        replayed: z.string(),
      }),
    ),
    differenceCount: count,
    engineId: id,
  }),
]);

/** Both ways of being opened have one kind. */
const eventSchema: z.ZodType<TraceEvent> = z.union([otherSchema, agentOpened]);
