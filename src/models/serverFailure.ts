// Why an attempt at an answer failed: whether another may help, and how to tell the user without
// telling a key or the prompt.

import { RlmError } from '../core/errors';
import { type Secrets, hideSecrets } from './hiddenSecrets';
import type { ServerError } from './httpClient';

export type ServerFailure =
  | { readonly kind: 'refused'; readonly error: ServerError }
  /** Nothing came back, as no connection could be had or kept. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** The stream ended before the answer did. */
  | { readonly kind: 'cut'; readonly message: string }
  /** The answer was no stream of this protocol. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'timeout'; readonly message: string };

/** Whom an error speaks of. */
export interface FailureSubject {
  readonly provider: string;
  /** The server's address without anything secret. */
  readonly url: string;
  readonly model: string;
  /** What sets the provider up, as the user knows it. */
  readonly keyName: string;
  readonly urlName: string;
  /** What no error may hold. */
  readonly secrets: Secrets;
}

/** What a stream without a status may call a passing trouble. */
const passingCodes = /overloaded|rate_limit|server_error|api_error|internal|timeout|unavailable/u;
const tooLong =
  /context.{0,12}(length|window|size)|too long|too large|too many tokens|(maximum|exceed).{0,40}(context|tokens)/iu;

/** Whether the same request may succeed soon. Source: the providers' own clients, but for quotas. */
export function isPassing(failure: ServerFailure): boolean {
  if (failure.kind !== 'refused') {
    return failure.kind === 'unreachable' || failure.kind === 'cut';
  }
  const { status, code, headers } = failure.error;
  const said = headers?.get('x-should-retry');
  if (said === 'true' || said === 'false') {
    return said === 'true';
  }
  if (code === 'insufficient_quota') {
    return false;
  }
  return status === null
    ? passingCodes.test(code)
    : status === 408 || status === 409 || status === 429 || status >= 500;
}

/** What the server asks to wait; null: it does not say. `now`: epoch ms. */
export function readRetryAfterMs(failure: ServerFailure, now: number): number | null {
  const headers = failure.kind === 'refused' ? failure.error.headers : null;
  const exact = toNumber(headers?.get('retry-after-ms'));
  const given = headers?.get('retry-after');
  const seconds = toNumber(given);
  const waitMs = exact ?? (seconds === null ? Date.parse(given ?? '') - now : seconds * 1_000);
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : null;
}

function toNumber(text: string | null | undefined): number | null {
  return text && /^\d+(\.\d+)?$/u.test(text.trim()) ? Number(text) : null;
}

/** `retryAfterMs`: what the server asks to wait before another call. No cause: it could hold a key. */
export function toModelError(
  failure: ServerFailure,
  subject: FailureSubject,
  retryAfterMs: number | null,
): RlmError {
  const [code, nextStep] =
    failure.kind === 'refused'
      ? advise(failure.error, subject, retryAfterMs)
      : (['MODEL_UNAVAILABLE', adviseOnConnection(failure, subject)] as const);
  return new RlmError(code, describeFailure(failure, subject), { nextStep });
}

export function describeFailure(failure: ServerFailure, subject: FailureSubject): string {
  const who = `${subject.provider} (${subject.url})`;
  switch (failure.kind) {
    case 'refused': {
      const { status, message } = failure.error;
      const said = hideSecrets(message, subject.secrets);
      return `${who} ${status === null ? 'ended its answer' : `answered ${status}`}: ${said}`;
    }
    case 'unreachable':
      return `${who} cannot be reached: ${hideSecrets(failure.message, subject.secrets)}`;
    case 'cut':
      return `${who} broke off its answer: ${hideSecrets(failure.message, subject.secrets)}`;
    case 'unreadable':
      return `${who} answered with something that is no answer of a model.`;
    case 'timeout':
      return `${who} took too long: ${failure.message}`;
  }
}

function advise(
  { status, code, message }: ServerError,
  { keyName, urlName, model }: FailureSubject,
  retryAfterMs: number | null,
): readonly ['MODEL_UNAVAILABLE' | 'INVALID_INPUT', string] {
  if (status === 401 || status === 403) {
    return ['MODEL_UNAVAILABLE', `Check ${keyName}: the server does not accept what it was given.`];
  }
  if (code === 'model_not_found' || (status === 404 && message.includes(model))) {
    return ['INVALID_INPUT', 'Name a model that the server has; rlm_status lists them.'];
  }
  if (status === 404) {
    return ['MODEL_UNAVAILABLE', `Check ${urlName}: this address does not serve models.`];
  }
  if (code === 'context_length_exceeded' || status === 413 || isTooLong(status, message)) {
    return ['INVALID_INPUT', 'Ask with less text: cut it into pieces, and ask about each.'];
  }
  if (status === 402 || code === 'insufficient_quota') {
    return [
      'MODEL_UNAVAILABLE',
      'Check the plan and credit of the account, or name another model.',
    ];
  }
  if (status === 429) {
    const when = retryAfterMs === null ? 'later' : `in ${Math.ceil(retryAfterMs / 1_000)} s`;
    return ['MODEL_UNAVAILABLE', `Ask again ${when}, with fewer calls at once, or another model.`];
  }
  return status === null || status >= 500
    ? ['MODEL_UNAVAILABLE', 'Ask again later, or name another model.']
    : ['MODEL_UNAVAILABLE', 'Change what the message names, or name another model.'];
}

function isTooLong(status: number | null, message: string): boolean {
  return (status === 400 || status === 422) && tooLong.test(message);
}

function adviseOnConnection(
  { kind }: Exclude<ServerFailure, { kind: 'refused' }>,
  { urlName }: FailureSubject,
): string {
  switch (kind) {
    case 'unreachable':
      return `Start the server, or check the network and ${urlName}; rlm_status shows whether it answers.`;
    case 'unreadable':
      return `Check ${urlName}: it must be the address that OpenAI’s or Anthropic’s clients would use.`;
    case 'cut':
    case 'timeout':
      return 'Ask again later, with less text, or name another model.';
  }
}
