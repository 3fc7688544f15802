// The parts of the app-server's protocol that the driver uses. Source: `codex app-server generate-json-schema
// --experimental`, 0.171.

/** By the name of the union in the schema. */
export const usedMethods = {
  ClientRequest: [
    'initialize',
    'thread/start',
    'thread/resume',
    'thread/archive',
    'thread/unarchive',
    'thread/unsubscribe',
    'thread/backgroundTerminals/clean',
    'turn/start',
    'turn/steer',
    'turn/interrupt',
  ],
  ServerNotification: [
    'turn/started',
    'turn/completed',
    'turn/diff/updated',
    'turn/plan/updated',
    'item/started',
    'item/completed',
    'item/agentMessage/delta',
    'item/commandExecution/outputDelta',
    'thread/tokenUsage/updated',
    'thread/settings/updated',
    'serverRequest/resolved',
    // rawResponseItem/completed is in no union of the schema; its type is, below.
    'mcpServer/startupStatus/updated',
    'error',
    'warning',
  ],
  ServerRequest: [
    'item/commandExecution/requestApproval',
    'item/fileChange/requestApproval',
    'item/permissions/requestApproval',
    'item/tool/requestUserInput',
    'mcpServer/elicitation/request',
  ],
} as const;

/** Fields that a type must have, sent or read. */
export const usedFields: Readonly<Record<string, readonly string[]>> = {
  ThreadStartParams: [
    ...['cwd', 'model', 'sandbox', 'approvalPolicy', 'approvalsReviewer'],
    ...['developerInstructions', 'config', 'experimentalRawEvents'],
  ],
  ThreadResumeParams: [
    ...['threadId', 'cwd', 'model', 'sandbox', 'approvalPolicy', 'approvalsReviewer'],
    ...['developerInstructions', 'config', 'excludeTurns'],
  ],
  ThreadStartResponse: [
    ...['thread', 'model', 'cwd', 'approvalPolicy', 'approvalsReviewer', 'sandbox'],
    'instructionSources',
  ],
  ThreadResumeResponse: [
    ...['thread', 'model', 'cwd', 'approvalPolicy', 'approvalsReviewer', 'sandbox'],
    'instructionSources',
  ],
  Thread: ['id', 'path'],
  TurnStartParams: ['threadId', 'input', 'sandboxPolicy', 'outputSchema'],
  TurnSteerParams: ['threadId', 'input', 'expectedTurnId'],
  TurnInterruptParams: ['threadId', 'turnId'],
  Turn: ['id', 'status', 'error'],
  TurnError: ['message', 'codexErrorInfo', 'additionalDetails'],
  ThreadSettings: ['cwd', 'approvalPolicy', 'sandboxPolicy'],
  ThreadTokenUsage: ['total', 'last', 'modelContextWindow'],
  TokenUsageBreakdown: [
    ...['totalTokens', 'inputTokens', 'cachedInputTokens', 'outputTokens'],
    'reasoningOutputTokens',
  ],
  ErrorNotification: ['threadId', 'turnId', 'error', 'willRetry'],
  RawResponseItemCompletedNotification: ['threadId', 'turnId', 'item'],
  ServerRequestResolvedNotification: ['threadId', 'requestId'],
  CommandExecutionRequestApprovalParams: [
    ...['threadId', 'turnId', 'itemId', 'reason', 'command', 'cwd'],
    'networkApprovalContext',
  ],
  FileChangeRequestApprovalParams: ['threadId', 'turnId', 'itemId', 'reason', 'grantRoot'],
  PermissionsRequestApprovalParams: ['threadId', 'turnId', 'itemId', 'cwd', 'permissions'],
  PermissionsRequestApprovalResponse: ['permissions', 'scope'],
  ToolRequestUserInputParams: ['threadId', 'turnId', 'itemId', 'questions'],
  McpServerElicitationRequestResponse: ['action', 'content'],
};

/** Kinds of items and of sandbox policies, with the fields that are used. */
export const usedVariants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ThreadItem: {
    userMessage: ['id', 'content'],
    agentMessage: ['id', 'text', 'phase'],
    reasoning: ['id', 'summary', 'content'],
    commandExecution: [
      ...['id', 'command', 'cwd', 'status', 'aggregatedOutput', 'exitCode', 'durationMs'],
    ],
    fileChange: ['id', 'changes', 'status'],
    mcpToolCall: ['id', 'server', 'tool', 'status', 'arguments', 'result', 'error', 'durationMs'],
    dynamicToolCall: ['id', 'tool', 'status', 'arguments', 'contentItems'],
    collabAgentToolCall: ['id', 'tool', 'status', 'receiverThreadIds', 'prompt'],
    webSearch: ['id', 'query'],
  },
  SandboxPolicy: {
    dangerFullAccess: [],
    readOnly: ['networkAccess'],
    externalSandbox: ['networkAccess'],
    workspaceWrite: ['writableRoots', 'networkAccess', 'excludeTmpdirEnvVar', 'excludeSlashTmp'],
  },
};

/** All values that a type has: one that is missing cannot be sent, one that is new cannot be read. */
export const usedValues: Readonly<Record<string, readonly string[]>> = {
  SandboxMode: ['read-only', 'workspace-write', 'danger-full-access'],
  TurnStatus: ['completed', 'interrupted', 'failed', 'inProgress'],
  CommandExecutionStatus: ['inProgress', 'completed', 'failed', 'declined'],
  PatchApplyStatus: ['inProgress', 'completed', 'failed', 'declined'],
  McpToolCallStatus: ['inProgress', 'completed', 'failed'],
  FileChangeApprovalDecision: ['accept', 'acceptForSession', 'decline', 'cancel'],
};
