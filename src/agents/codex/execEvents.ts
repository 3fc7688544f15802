// What `codex exec --json` tells, in our words. Source: measured with 0.169 and 0.171.

import * as z from 'zod';
import type { ActionStatus, HappeningBody } from '../../core/agent/agentDriver';
import { cutMiddle, cutValue, maxOutputChars } from './cut';
import { toRaw } from './toHappening';

const item = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('command_execution'),
    id: z.string(),
    command: z.string(),
    aggregated_output: z.string().nullish(),
    exit_code: z.number().nullish(),
    status: z.string(),
  }),
  z.looseObject({
    type: z.literal('file_change'),
    id: z.string(),
    changes: z.array(
      z.looseObject({ path: z.string(), kind: z.enum(['add', 'delete', 'update']) }),
    ),
    status: z.string(),
  }),
  z.looseObject({
    type: z.literal('mcp_tool_call'),
    id: z.string(),
    server: z.string(),
    tool: z.string(),
    arguments: z.unknown(),
    result: z.unknown(),
    error: z.unknown(),
    status: z.string(),
  }),
  z.looseObject({ type: z.literal('agent_message'), id: z.string(), text: z.string() }),
  z.looseObject({ type: z.literal('reasoning'), id: z.string(), text: z.string() }),
  z.looseObject({ type: z.literal('web_search'), id: z.string(), query: z.string() }),
  z.looseObject({ type: z.literal('error'), id: z.string(), message: z.string() }),
]);
type ExecItem = z.infer<typeof item>;

const usage = z.looseObject({
  input_tokens: z.number(),
  cached_input_tokens: z.number(),
  output_tokens: z.number(),
  reasoning_output_tokens: z.number().optional(),
});
const eventSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.looseObject({ type: z.literal('turn.started') }),
  z.looseObject({ type: z.literal('turn.completed'), usage }),
  z.looseObject({ type: z.literal('turn.failed'), error: z.looseObject({ message: z.string() }) }),
  z.looseObject({ type: z.literal('error'), message: z.string() }),
  z.looseObject({ type: z.literal('item.started'), item }),
  z.looseObject({ type: z.literal('item.updated'), item }),
  z.looseObject({ type: z.literal('item.completed'), item }),
]);
export type ExecEvent = z.infer<typeof eventSchema>;

/** Null: it is of no known kind. */
export function parseExecEvent(value: unknown): ExecEvent | null {
  return eventSchema.safeParse(value).data ?? null;
}

/** Beginning and end of the turn are not among them: the process tells those. */
export function toExecHappenings(value: unknown, cwd: string): readonly HappeningBody[] {
  const event = parseExecEvent(value);
  switch (event?.type) {
    case undefined:
      return [toRaw('exec', value)];
    case 'thread.started':
    case 'turn.started':
    case 'turn.failed':
      return [];
    case 'turn.completed': {
      const { input_tokens: input, output_tokens: output } = event.usage;
      const total = {
        total: input + output,
        input,
        cachedInput: event.usage.cached_input_tokens,
        output,
        reasoning: event.usage.reasoning_output_tokens ?? 0,
      };
      return [{ kind: 'usage', total, last: total, contextWindow: null }];
    }
    case 'error':
      return [
        {
          kind: 'error',
          error: { message: event.message, code: null, httpStatus: null },
          willRetry: true,
        },
      ];
    case 'item.started':
      return toStarted(event.item, cwd);
    case 'item.updated':
      return [];
    case 'item.completed':
      return toCompleted(event.item, cwd);
  }
}

function toStarted(told: ExecItem, cwd: string): readonly HappeningBody[] {
  switch (told.type) {
    case 'command_execution':
      return [{ kind: 'commandStarted', itemId: told.id, command: told.command, cwd }];
    case 'file_change':
      return [{ kind: 'patchStarted', itemId: told.id, patch: toPatch(told) }];
    case 'mcp_tool_call':
      return [{ kind: 'toolStarted', ...toCall(told) }];
    case 'agent_message':
    case 'error':
    case 'reasoning':
    case 'web_search':
      return [];
  }
}

function toCompleted(told: ExecItem, cwd: string): readonly HappeningBody[] {
  const itemId = told.id;
  switch (told.type) {
    case 'command_execution': {
      const { text, droppedChars } = cutMiddle(told.aggregated_output ?? '', maxOutputChars);
      const { command } = told;
      return [
        {
          ...{ kind: 'commandEnded', itemId, command, cwd, status: toStatus(told.status) },
          ...{ exitCode: told.exit_code ?? null, output: text, droppedChars, durationMs: null },
        },
      ];
    }
    case 'file_change':
      return [{ kind: 'patchEnded', itemId, patch: toPatch(told), status: toStatus(told.status) }];
    case 'mcp_tool_call':
      return [
        {
          ...{ kind: 'toolEnded', ...toCall(told), status: toStatus(told.status) },
          ...{ result: cutValue(told.error ?? told.result), durationMs: null },
        },
      ];
    case 'agent_message':
      return [{ kind: 'message', itemId, text: told.text, isFinal: false }];
    case 'reasoning':
      return [{ kind: 'reasoning', itemId, text: told.text }];
    case 'web_search':
      return [{ kind: 'webSearch', itemId, query: told.query }];
    case 'error':
      return [{ kind: 'warning', message: told.message }];
  }
}

function toStatus(status: string): ActionStatus {
  return status === 'completed' || status === 'failed' || status === 'declined'
    ? status
    : 'interrupted';
}

function toCall(told: Extract<ExecItem, { readonly type: 'mcp_tool_call' }>) {
  const { id: itemId, server, tool } = told;
  return { itemId, server, tool, arguments: cutValue(told.arguments) };
}

function toPatch({ changes }: Extract<ExecItem, { readonly type: 'file_change' }>) {
  return {
    changes: changes.map(({ path, kind }) => ({ path, change: kind, movedTo: null })),
    diff: '',
    droppedChars: 0,
  };
}
