// What `codex app-server` says, as far as it is used; other fields are left alone, and what does not fit is told raw.
// Source: `codex app-server generate-json-schema --experimental`, 0.171. Long because it is one table.

import * as z from 'zod';

const id = z.union([z.string(), z.number()]);
export type WireId = z.infer<typeof id>;

/** A line: a request has id and method, a notification a method, an answer an id. */
export const messageSchema = z.looseObject({
  id: id.optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z
    .looseObject({ code: z.number(), message: z.string(), data: z.unknown().optional() })
    .optional(),
});

export const initializeAnswer = z.looseObject({ userAgent: z.string(), codexHome: z.string() });

const turnError = z.looseObject({
  message: z.string(),
  codexErrorInfo: z.unknown(),
  additionalDetails: z.string().nullish(),
});
export type WireError = z.infer<typeof turnError>;

const turn = z.looseObject({
  id: z.string(),
  /** `completed`, `interrupted`, `failed` or `inProgress`; any other counts as failed. */
  status: z.string(),
  error: turnError.nullish(),
});

const sandboxPolicy = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('dangerFullAccess') }),
  z.looseObject({ type: z.literal('readOnly'), networkAccess: z.boolean() }),
  z.looseObject({
    type: z.literal('externalSandbox'),
    networkAccess: z.enum(['enabled', 'restricted']),
  }),
  z.looseObject({
    type: z.literal('workspaceWrite'),
    writableRoots: z.array(z.string()),
    networkAccess: z.boolean(),
    excludeTmpdirEnvVar: z.boolean(),
    excludeSlashTmp: z.boolean(),
  }),
]);
export type WireSandbox = z.infer<typeof sandboxPolicy>;

/** Of `thread/start` and `thread/resume`. */
export const threadAnswer = z.looseObject({
  thread: z.looseObject({ id: z.string(), path: z.string().nullish() }),
  model: z.string(),
  cwd: z.string(),
  approvalPolicy: z.unknown(),
  approvalsReviewer: z.string(),
  sandbox: sandboxPolicy,
  instructionSources: z.array(z.string()),
});
export type ThreadAnswer = z.infer<typeof threadAnswer>;
export const turnAnswer = z.looseObject({ turn });
export type WireTurn = z.infer<typeof turn>;

const fileChange = z.looseObject({
  path: z.string(),
  kind: z.looseObject({
    type: z.enum(['add', 'delete', 'update']),
    move_path: z.string().nullish(),
  }),
  diff: z.string(),
});
export type WireChange = z.infer<typeof fileChange>;

const itemId = { id: z.string() };
const durationMs = z.number().nullish();
export const itemSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('userMessage'),
    ...itemId,
    clientId: z.string().nullish(),
    content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  }),
  z.looseObject({
    type: z.literal('agentMessage'),
    ...itemId,
    text: z.string(),
    phase: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal('plan'), ...itemId, text: z.string() }),
  z.looseObject({
    type: z.literal('reasoning'),
    ...itemId,
    summary: z.array(z.string()),
    content: z.array(z.string()),
  }),
  z.looseObject({
    type: z.literal('commandExecution'),
    ...itemId,
    command: z.string(),
    cwd: z.string(),
    status: z.enum(['inProgress', 'completed', 'failed', 'declined']),
    aggregatedOutput: z.string().nullish(),
    exitCode: z.number().nullish(),
    durationMs,
  }),
  z.looseObject({
    type: z.literal('fileChange'),
    ...itemId,
    changes: z.array(fileChange),
    status: z.enum(['inProgress', 'completed', 'failed', 'declined']),
  }),
  z.looseObject({
    type: z.literal('mcpToolCall'),
    ...itemId,
    server: z.string(),
    tool: z.string(),
    status: z.enum(['inProgress', 'completed', 'failed']),
    arguments: z.unknown(),
    result: z.unknown(),
    error: z.unknown(),
    durationMs,
  }),
  z.looseObject({
    type: z.literal('dynamicToolCall'),
    ...itemId,
    tool: z.string(),
    status: z.enum(['inProgress', 'completed', 'failed']),
    arguments: z.unknown(),
    contentItems: z.unknown(),
    durationMs,
  }),
  z.looseObject({
    type: z.literal('collabAgentToolCall'),
    ...itemId,
    tool: z.string(),
    status: z.string(),
    receiverThreadIds: z.array(z.string()),
    prompt: z.string().nullish(),
  }),
  z.looseObject({
    type: z.literal('subAgentActivity'),
    ...itemId,
    kind: z.string(),
    agentThreadId: z.string(),
  }),
  z.looseObject({ type: z.literal('webSearch'), ...itemId, query: z.string() }),
]);
export type WireItem = z.infer<typeof itemSchema>;

const tokens = z.looseObject({
  totalTokens: z.number(),
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  reasoningOutputTokens: z.number(),
});
export type WireTokens = z.infer<typeof tokens>;

/** The notifications that become happenings of their own, by method. */
export const notificationSchemas = {
  'turn/started': z.looseObject({ turn }),
  'turn/completed': z.looseObject({ turn }),
  'item/started': z.looseObject({ turnId: z.string(), item: itemSchema }),
  'item/completed': z.looseObject({ turnId: z.string(), item: itemSchema }),
  'item/agentMessage/delta': z.looseObject({
    turnId: z.string(),
    itemId: z.string(),
    delta: z.string(),
  }),
  'item/commandExecution/outputDelta': z.looseObject({
    turnId: z.string(),
    itemId: z.string(),
    delta: z.string(),
  }),
  'turn/diff/updated': z.looseObject({ turnId: z.string(), diff: z.string() }),
  'turn/plan/updated': z.looseObject({
    turnId: z.string(),
    explanation: z.string().nullish(),
    plan: z.array(
      z.looseObject({
        step: z.string(),
        status: z.enum(['pending', 'inProgress', 'completed']),
      }),
    ),
  }),
  'thread/tokenUsage/updated': z.looseObject({
    turnId: z.string(),
    tokenUsage: z.looseObject({
      total: tokens,
      last: tokens,
      modelContextWindow: z.number().nullish(),
    }),
  }),
  'thread/settings/updated': z.looseObject({
    threadSettings: z.looseObject({
      cwd: z.string(),
      approvalPolicy: z.unknown(),
      sandboxPolicy,
    }),
  }),
  'serverRequest/resolved': z.looseObject({ requestId: id }),
  'rawResponseItem/completed': z.looseObject({ turnId: z.string(), item: z.unknown() }),
  'mcpServer/startupStatus/updated': z.looseObject({
    name: z.string(),
    status: z.string(),
    error: z.string().nullish(),
  }),
  error: z.looseObject({ turnId: z.string(), error: turnError, willRetry: z.boolean() }),
  warning: z.looseObject({ message: z.string() }),
};
export type KnownMethod = keyof typeof notificationSchemas;

/** Known, and told by other happenings or of no interest to the record. */
export const silentMethods: ReadonlySet<string> = new Set([
  'thread/started',
  'thread/status/changed',
  'thread/readState/changed',
  'thread/name/updated',
  'thread/goal/cleared',
  'thread/closed',
  'thread/archived',
  'account/rateLimits/updated',
  'rawResponse/completed',
  'item/plan/delta',
  'item/reasoning/summaryTextDelta',
  'item/reasoning/summaryPartAdded',
  'item/reasoning/textDelta',
  'item/fileChange/outputDelta',
  'item/fileChange/patchUpdated',
  'item/mcpToolCall/progress',
]);

/** Which thread a notification or request is of; null: of none. */
export const ofThread = z.looseObject({ threadId: z.string().nullish() });

const asked = { itemId: z.string(), turnId: z.string(), reason: z.string().nullish() };
/** What the server asks of us, by method. */
export const requestSchemas = {
  'item/commandExecution/requestApproval': z.looseObject({
    ...asked,
    command: z.string().nullish(),
    cwd: z.string().nullish(),
    networkApprovalContext: z.looseObject({ host: z.string().optional() }).nullish(),
  }),
  'item/fileChange/requestApproval': z.looseObject({ ...asked, grantRoot: z.string().nullish() }),
  'item/permissions/requestApproval': z.looseObject({
    ...asked,
    cwd: z.string(),
    permissions: z.unknown(),
  }),
  'item/tool/requestUserInput': z.looseObject({
    itemId: z.string(),
    turnId: z.string(),
    questions: z.array(
      z.looseObject({
        id: z.string(),
        question: z.string(),
        options: z.array(z.looseObject({ label: z.string() })).nullish(),
      }),
    ),
  }),
  'mcpServer/elicitation/request': z.looseObject({
    turnId: z.string().nullish(),
    serverName: z.string(),
    mode: z.string(),
    message: z.string().optional(),
    requestedSchema: z.unknown().optional(),
    url: z.string().optional(),
  }),
};
export type AskedMethod = keyof typeof requestSchemas;
