// The calling client's own model, asked by MCP sampling while one of its tool calls runs.

import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  type CreateMessageRequest,
  type CreateMessageResult,
  CreateMessageResultSchema,
  ErrorCode as RpcErrorCode,
  McpError,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { RlmError, cancelledError } from '../core/errors';
import type { AskClient, ModelAnswer, ModelRequest } from '../core/model';
import { estimateTokens } from '../core/tokens';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const timeoutMs = 600_000;

/** Null when the client declared no sampling. */
export function createSampling(server: Server, extra: Extra): AskClient | null {
  if (!server.getClientCapabilities()?.sampling) {
    return null;
  }
  return async (request, signal) => {
    try {
      const options = { signal, timeout: timeoutMs, resetTimeoutOnProgress: true };
      const given = await extra.sendRequest(
        { method: 'sampling/createMessage', params: toParams(request) },
        CreateMessageResultSchema,
        options,
      );
      if (given.content.type !== 'text') {
        throw unavailable(`The client’s model answered with ${given.content.type}, not text.`);
      }
      return toAnswer(request, given.content.text, given);
    } catch (thrown) {
      if (signal.aborted) {
        throw cancelledError('The prompt');
      }
      throw thrown instanceof RlmError ? thrown : unavailable(describe(thrown));
    }
  };
}

function toParams({
  messages,
  model,
  maxAnswerTokens,
}: ModelRequest): CreateMessageRequest['params'] {
  const system = messages.filter(({ role }) => role === 'system').map(({ text }) => text);
  return {
    messages: messages.flatMap(({ role, text }) =>
      role === 'system' ? [] : [{ role, content: { type: 'text' as const, text } }],
    ),
    maxTokens: maxAnswerTokens,
    ...(system.length > 0 ? { systemPrompt: system.join('\n\n') } : {}),
    ...(model === null ? {} : { modelPreferences: { hints: [{ name: model }] } }),
  };
}

/** Sampling tells no usage. */
function toAnswer(
  request: ModelRequest,
  text: string,
  { model, stopReason }: Pick<CreateMessageResult, 'model' | 'stopReason'>,
): ModelAnswer {
  return {
    text,
    model: `sampling/${model}`,
    promptTokens: request.messages.reduce((sum, one) => sum + estimateTokens(one.text), 0),
    answerTokens: estimateTokens(text),
    tokensEstimated: true,
    costUsd: null,
    ...(stopReason === 'maxTokens' ? { cutBy: 'tokens' } : {}),
  };
}

function describe(thrown: unknown): string {
  if (thrown instanceof McpError && thrown.code === Number(RpcErrorCode.RequestTimeout)) {
    return `The client’s model did not answer within ${timeoutMs / 1_000} s.`;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return `The client refused to ask its model: ${message}`;
}

function unavailable(message: string): RlmError {
  return new RlmError('MODEL_UNAVAILABLE', message, {
    nextStep: 'Allow this server to use the client’s models, or configure a model of its own.',
  });
}
