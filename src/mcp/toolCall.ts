// Answers tools/list and tools/call; the one place where errors become replies.

import { ErrorCode as RpcErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { type ErrorCode, type RlmError, toRlmError } from '../core/errors';
import { type StopReason, stopReasons } from '../core/limits';
import { toInline } from '../base/markdown';
import { cutMarked } from '../base/text';
import { toWellFormedJson } from '../base/wellFormed';
import type { CallGate } from './callGate';
import { sayReplaced } from './replacedText';
import { responseFormatField } from './fields';
import { toPlainArguments } from './plainArguments';
import { RunFailure } from './runFailure';
import type { Tool, ToolContext, ToolSet } from './tool';
import { tools } from './toolList';

/** A tools/call result. */
interface CallReply {
  [field: string]: unknown;
  content: { type: 'text'; text: string }[];
  structuredContent: Record<string, unknown>;
  isError?: true;
}

interface ErrorPayload {
  [field: string]: unknown;
  readonly error: { readonly code: string; readonly message: string; readonly next_step: string };
}

const maxErrorChars = 4_000;
const formatSchema = z.object({ response_format: responseFormatField });

/** Whether a connection offers the tools of a set. */
export type OffersSet = (set: ToolSet) => boolean;

export function listOffered(offersSet: OffersSet): readonly Tool[] {
  return tools.filter(({ set }) => set === null || offersSet(set));
}

/** @throws McpError for a name that is no tool on offer; every other failure is a reply. */
export async function callTool(
  {
    name,
    args,
    offered,
    gate,
  }: { name: string; args: unknown; offered: readonly Tool[]; gate?: CallGate },
  context: ToolContext,
): Promise<CallReply> {
  const tool = offered.find((one) => one.name === name || one.alias === name);
  if (!tool) {
    const names = offered.map((one) => one.name).join(', ');
    throw new McpError(RpcErrorCode.InvalidParams, `Unknown tool ${name}. Tools: ${names}.`);
  }
  const refusal = gate?.admit(tool.name) ?? null;
  const startedAt = performance.now();
  let errorCode: ErrorCode | null = null;
  try {
    if (refusal) {
      throw refusal;
    }
    const { payload, text } = await tool.call(context, args);
    return { content: [{ type: 'text', text }], structuredContent: { ...payload } };
  } catch (thrown) {
    const error = toRlmError(thrown);
    errorCode = error.code;
    return await toErrorReply(error, args, context);
  } finally {
    const durationMs = performance.now() - startedAt;
    gate?.ended({ tool: tool.name, errorCode, durationMs });
  }
}

async function toErrorReply(
  error: RlmError,
  args: unknown,
  context: ToolContext,
): Promise<CallReply> {
  const described = await toErrorPayload(error, args, context);
  const { value, replaced } = toWellFormedJson(described);
  const payload = sayReplaced(value, replaced);
  const text = wantsMarkdown(args) ? toErrorMarkdown(payload) : JSON.stringify(payload);
  return { content: [{ type: 'text', text }], structuredContent: payload, isError: true };
}

async function toErrorPayload(
  error: RlmError,
  args: unknown,
  context: ToolContext,
): Promise<ErrorPayload> {
  const described = {
    code: error.code,
    message: cutMarked(error.message, maxErrorChars),
    next_step: cutMarked(error.nextStep, maxErrorChars),
  };
  return {
    error: described,
    ...(error instanceof RunFailure ? { session_id: error.sessionId } : {}),
    ...(error.code === 'GUARDRAIL_STOPPED'
      ? { guardrail_stop: await readGuardrailStop(args, context) }
      : {}),
  };
}

/** Read by itself, in every form that is understood: the other arguments may be what is wrong. */
function wantsMarkdown(args: unknown): boolean {
  const read = formatSchema.safeParse(toPlainArguments(formatSchema, args));
  return read.data?.response_format === 'markdown';
}

function toErrorMarkdown({ error, ...rest }: ErrorPayload): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name}: ${toInline(String(value))}`);
  return [
    `## Error: ${error.code}`,
    toInline(error.message),
    `**Next:** ${toInline(error.next_step)}`,
    ...facts,
  ].join('\n\n');
}

async function readGuardrailStop(args: unknown, context: ToolContext): Promise<StopReason | null> {
  if (typeof args !== 'object' || args === null || !('session_id' in args)) {
    return null;
  }
  const { sessions } = context.engine;
  const summary = await sessions.readSummary(String(args.session_id)).catch(() => undefined);
  return stopReasons.find((reason) => reason === summary?.stopCause) ?? null;
}
