// One event of an answer's stream, in each protocol, as what it means here. Servers other than the
// protocols' owners leave fields out: what is missing is nothing, what is of the wrong kind is ignored.

import * as z from 'zod';
import type { AnswerCut } from '../core/model';
import { type Protocol, type ServerError, streamDone } from './httpClient';
import { readStreamStatus } from './streamStatus';

export interface Piece {
  readonly text: string;
  /** Counts so far; a later one replaces an earlier one. */
  readonly promptTokens: number | null;
  readonly answerTokens: number | null;
  readonly costUsd: number | null;
  /** The answer is whole: a stream that ends before any such piece was cut. */
  readonly isEnd: boolean;
  /** What ended it before its time; null: nothing. */
  readonly cutBy: AnswerCut | null;
  readonly error: ServerError | null;
}

export const nothing: Piece = {
  text: '',
  promptTokens: null,
  answerTokens: null,
  costUsd: null,
  isEnd: false,
  cutBy: null,
  error: null,
};

export function toPiece(protocol: Protocol, event: unknown): Piece {
  if (event === streamDone) {
    return { ...nothing, isEnd: true };
  }
  switch (protocol) {
    case 'responses':
      return fromResponses(event);
    case 'chat':
      return fromChat(event);
    case 'messages':
      return fromMessages(event);
  }
}

const cuts: Readonly<Record<string, AnswerCut>> = {
  length: 'tokens',
  max_tokens: 'tokens',
  max_output_tokens: 'tokens',
  model_context_window_exceeded: 'tokens',
  content_filter: 'filter',
  refusal: 'filter',
};

/** Source: the three protocols' reasons for the end of an answer. */
function toCut(reason: string | null | undefined): AnswerCut | null {
  return Object.hasOwn(cuts, reason ?? '') ? (cuts[reason ?? ''] ?? null) : null;
}

const count = z.int().nonnegative().nullish().catch(null);
const text = z.string().nullish().catch(null);
/** A number, of some servers. */
const code = z
  .union([z.string(), z.int().transform(String)])
  .nullish()
  .catch(null);

const responsesEvent = z.object({
  type: z.string(),
  delta: text,
  code,
  message: text,
  response: z
    .object({
      usage: z.object({ input_tokens: count, output_tokens: count }).nullish().catch(null),
      error: z.object({ code, message: text }).nullish().catch(null),
      incomplete_details: z.object({ reason: text }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** Source: OpenAI API reference, "Responses: streaming events". */
function fromResponses(event: unknown): Piece {
  const { data } = responsesEvent.safeParse(event);
  if (!data) {
    return nothing;
  }
  switch (data.type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return { ...nothing, text: data.delta ?? '' };
    case 'response.completed':
    case 'response.incomplete': // the limit of tokens, or a filter: what there is counts
      return {
        ...nothing,
        promptTokens: data.response?.usage?.input_tokens ?? null,
        answerTokens: data.response?.usage?.output_tokens ?? null,
        isEnd: true,
        cutBy: toCut(data.response?.incomplete_details?.reason),
      };
    case 'response.failed':
      return { ...nothing, error: toError(data.response?.error) };
    case 'error':
      return { ...nothing, error: toError(data) };
    default:
      return nothing;
  }
}

function toError(
  given:
    { code?: string | null | undefined; message?: string | null | undefined } | null | undefined,
): ServerError {
  const { code: word, message } = given ?? {};
  return {
    status: readStreamStatus(word ?? ''),
    code: word ?? '',
    message: message ?? 'no reason given',
    headers: null,
  };
}

const chatChunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: text, refusal: text }).nullish().catch(null),
        finish_reason: text,
      }),
    )
    .catch([]),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      cost: z.number().nonnegative().nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** Source: OpenAI API reference, "Chat completions: streaming"; `usage.cost` is OpenRouter's, in USD. */
function fromChat(event: unknown): Piece {
  const { data } = chatChunk.safeParse(event);
  const choice = data?.choices[0];
  return {
    ...nothing,
    text: (choice?.delta?.content ?? '') + (choice?.delta?.refusal ?? ''),
    promptTokens: data?.usage?.prompt_tokens ?? null,
    answerTokens: data?.usage?.completion_tokens ?? null,
    costUsd: data?.usage?.cost ?? null,
    isEnd: (choice?.finish_reason ?? '') !== '',
    cutBy: toCut(choice?.finish_reason),
  };
}

const messagesUsage = z
  .object({
    input_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    output_tokens: count,
  })
  .nullish()
  .catch(null);
const messagesEvent = z.object({
  type: z.string(),
  delta: z.object({ type: text, text, stop_reason: text }).nullish().catch(null),
  message: z.object({ usage: messagesUsage }).nullish().catch(null),
  usage: messagesUsage,
});

/** Source: Anthropic API reference, "Streaming messages". */
function fromMessages(event: unknown): Piece {
  const { data } = messagesEvent.safeParse(event);
  if (!data) {
    return nothing;
  }
  switch (data.type) {
    case 'message_start':
      return { ...nothing, promptTokens: countPrompt(data.message?.usage) };
    case 'content_block_delta':
      return { ...nothing, text: data.delta?.type === 'text_delta' ? (data.delta.text ?? '') : '' };
    case 'message_delta':
      return {
        ...nothing,
        promptTokens: countPrompt(data.usage),
        answerTokens: data.usage?.output_tokens ?? null,
        isEnd: (data.delta?.stop_reason ?? '') !== '', // some servers send no message_stop
        cutBy: toCut(data.delta?.stop_reason),
      };
    case 'message_stop':
      return { ...nothing, isEnd: true };
    default:
      return nothing;
  }
}

/** What came from the cache and what went into it is not part of `input_tokens`. */
function countPrompt(usage: z.output<typeof messagesUsage>): number | null {
  return typeof usage?.input_tokens === 'number'
    ? usage.input_tokens +
        (usage.cache_creation_input_tokens ?? 0) +
        (usage.cache_read_input_tokens ?? 0)
    : null;
}
