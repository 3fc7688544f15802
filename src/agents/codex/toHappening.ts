// What Codex tells of a thread, in our words. State that spans notifications is kept by what is given: the items, the
// audit of calls. A method that is not known, or not as it should be, is told raw.

import type { AgentTokens, HappeningBody } from '../../core/agent/agentDriver';
import type { CallAudit } from './callAudit';
import { cutEnd, cutJson, cutMiddle, maxOutputChars } from './cut';
import { type Action, type OpenItems, isAction } from './openItems';
import { toAgentError } from './toError';
import {
  type KnownMethod,
  type WireItem,
  type WireTokens,
  type WireTurn,
  notificationSchemas,
  silentMethods,
} from './wire';

export interface ThreadRecord {
  readonly items: OpenItems;
  readonly audit: CallAudit;
  /** The turn has been interrupted, or is going to be. */
  readonly isCut: (turnId: string) => boolean;
}

/** Methods that the thread itself follows are told here as well, for the record. */
export function toHappenings(
  method: string,
  params: unknown,
  record: ThreadRecord,
): readonly HappeningBody[] {
  if (silentMethods.has(method)) {
    return [];
  }
  return (isKnown(method) ? toKnown(method, params, record) : null) ?? [toRaw(method, params)];
}

export function toRaw(method: string, params: unknown): HappeningBody {
  const { text, droppedChars } = cutJson(params ?? null);
  return { kind: 'raw', method, payload: text, droppedChars };
}

function isKnown(method: string): method is KnownMethod {
  return Object.hasOwn(notificationSchemas, method);
}

/** Null: it is not as it should be. */
function toKnown(
  method: KnownMethod,
  params: unknown,
  { items, audit, isCut }: ThreadRecord,
): readonly HappeningBody[] | null {
  switch (method) {
    case 'turn/started':
      return notificationSchemas[method].safeParse(params).success
        ? [{ kind: 'turnStarted' }]
        : null;
    case 'turn/completed': {
      const told = notificationSchemas[method].safeParse(params).data?.turn;
      return told ? [toTurnEnd(told)] : null;
    }
    case 'item/started': {
      const told = notificationSchemas[method].safeParse(params).data;
      if (!told) {
        return listUnknown(params, audit);
      }
      audit.list(told.item.id);
      return isAction(told.item) ? items.start(told.item, told.turnId) : [];
    }
    case 'item/completed': {
      const told = notificationSchemas[method].safeParse(params).data;
      if (!told) {
        return listUnknown(params, audit);
      }
      audit.list(told.item.id);
      return isAction(told.item) ? items.end(told.item, isCut(told.turnId)) : toItem(told.item);
    }
    case 'item/agentMessage/delta': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told ? [{ kind: 'messageDelta', itemId: told.itemId, text: told.delta }] : null;
    }
    case 'item/commandExecution/outputDelta': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told ? items.output(told.itemId, told.delta) : null;
    }
    case 'rawResponseItem/completed': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told ? audit.take(told.item) : null;
    }
    case 'turn/diff/updated':
    case 'turn/plan/updated':
    case 'thread/tokenUsage/updated':
    case 'mcpServer/startupStatus/updated':
    case 'error':
    case 'warning':
      return toOther(method, params);
    case 'thread/settings/updated':
    case 'serverRequest/resolved':
      return []; // the thread follows them
  }
}

type OtherMethod =
  | 'turn/diff/updated'
  | 'turn/plan/updated'
  | 'thread/tokenUsage/updated'
  | 'mcpServer/startupStatus/updated'
  | 'error'
  | 'warning';

function toOther(method: OtherMethod, params: unknown): readonly HappeningBody[] | null {
  switch (method) {
    case 'turn/diff/updated': {
      const told = notificationSchemas[method].safeParse(params).data;
      if (!told) {
        return null;
      }
      const { text, droppedChars } = cutMiddle(told.diff, maxOutputChars);
      return [{ kind: 'turnDiff', diff: text, droppedChars }];
    }
    case 'turn/plan/updated': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told
        ? [
            {
              kind: 'plan',
              explanation: told.explanation ?? null,
              steps: told.plan.map(({ step, status }) => ({ text: step, status })),
            },
          ]
        : null;
    }
    case 'thread/tokenUsage/updated': {
      const told = notificationSchemas[method].safeParse(params).data?.tokenUsage;
      return told
        ? [
            {
              kind: 'usage',
              total: toTokens(told.total),
              last: toTokens(told.last),
              contextWindow: told.modelContextWindow ?? null,
            },
          ]
        : null;
    }
    case 'mcpServer/startupStatus/updated': {
      const told = notificationSchemas[method].safeParse(params).data;
      if (!told) {
        return null;
      }
      const why = cutEnd(told.error ?? 'it gave no reason', 1_000).text;
      return told.status === 'failed'
        ? [{ kind: 'warning', message: `MCP server ${told.name} did not start: ${why}` }]
        : [];
    }
    case 'error': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told
        ? [{ kind: 'error', error: toAgentError(told.error), willRetry: told.willRetry }]
        : null;
    }
    case 'warning': {
      const told = notificationSchemas[method].safeParse(params).data;
      return told ? [{ kind: 'warning', message: told.message }] : null;
    }
  }
}

function toTurnEnd({ status, error }: WireTurn): HappeningBody {
  const told = error ? toAgentError(error) : null;
  switch (status) {
    case 'completed':
    case 'interrupted':
    case 'failed':
      return { kind: 'turnEnded', status, error: told };
    default: {
      const message = `Codex says that the turn is ${status}.`;
      return {
        kind: 'turnEnded',
        status: 'failed',
        error: told ?? { message, code: 'unknownStatus', httpStatus: null },
      };
    }
  }
}

/** An item of an unknown kind tells of its call all the same, raw. */
function listUnknown(params: unknown, audit: CallAudit): null {
  const item =
    typeof params === 'object' && params !== null && 'item' in params ? params.item : null;
  if (typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string') {
    audit.list(item.id);
  }
  return null;
}

function toItem(item: Exclude<WireItem, Action>): readonly HappeningBody[] {
  const itemId = item.id;
  switch (item.type) {
    case 'userMessage':
      return [
        { kind: 'said', text: item.content.map(({ type, text }) => text ?? `[${type}]`).join('') },
      ];
    case 'agentMessage':
      return [{ kind: 'message', itemId, text: item.text, isFinal: item.phase === 'final_answer' }];
    case 'plan':
      return [{ kind: 'plan', explanation: item.text, steps: [] }];
    case 'reasoning': {
      const text = [...item.summary, ...item.content].join('\n');
      return text === '' ? [] : [{ kind: 'reasoning', itemId, text }];
    }
    case 'collabAgentToolCall':
      return [
        {
          kind: 'subAgent',
          itemId,
          action: item.tool,
          threadIds: item.receiverThreadIds,
          prompt: item.prompt ?? null,
          status: item.status,
        },
      ];
    case 'subAgentActivity':
      return [
        {
          kind: 'subAgent',
          itemId,
          action: item.kind,
          threadIds: [item.agentThreadId],
          prompt: null,
          status: item.kind,
        },
      ];
    case 'webSearch':
      return [{ kind: 'webSearch', itemId, query: item.query }];
  }
}

function toTokens(tokens: WireTokens): AgentTokens {
  return {
    total: tokens.totalTokens,
    input: tokens.inputTokens,
    cachedInput: tokens.cachedInputTokens,
    output: tokens.outputTokens,
    reasoning: tokens.reasoningOutputTokens,
  };
}
