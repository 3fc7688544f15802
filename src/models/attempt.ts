// One attempt at an answer: a request, its stream to the end, and what it cost.

import type { Clock } from '../core/clock';
import type { AnswerCut } from '../core/model';
import { AnswerTimeout, type Patience } from './answerTimeout';
import type { HttpClient, Question, ServerError } from './httpClient';
import type { ServerFailure } from './serverFailure';
import { type Piece, nothing, toPiece } from './streamEvents';

export interface Attempt {
  readonly text: string;
  /** As the server counted; null where it did not. */
  readonly promptTokens: number | null;
  readonly answerTokens: number | null;
  readonly costUsd: number | null;
  /** What ended the answer before its time; null: nothing. */
  readonly cutBy: AnswerCut | null;
  /** Whether the server has begun to answer: that is paid for. */
  readonly isBegun: boolean;
  /** Null: the answer is whole. */
  readonly failure: ServerFailure | null;
}

export interface AttemptParts {
  readonly client: HttpClient;
  readonly question: Question;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly onText: ((text: string) => void) | undefined;
}

/** Never rejects. Ends early when `signal` aborts: with what there is, and a failure. */
export async function runAttempt(parts: AttemptParts, signal: AbortSignal): Promise<Attempt> {
  const timeout = new AnswerTimeout(parts.clock, parts.patience, signal);
  const answer = new GrowingAnswer(parts);
  try {
    const events = await parts.client.openStream(parts.question, timeout.signal);
    for await (const event of events) {
      timeout.touch();
      answer.add(event);
    }
    return answer.end({ expired: timeout.expired });
  } catch (thrown) {
    return answer.end({ expired: timeout.expired, thrown });
  } finally {
    timeout.dispose();
  }
}

class GrowingAnswer {
  readonly #parts: AttemptParts;
  #text = '';
  #events = 0;
  #last: Omit<Piece, 'text'> = nothing;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  add(event: unknown): void {
    const piece = toPiece(this.#parts.client.protocol, event);
    const last = this.#last;
    this.#events += 1;
    this.#last = {
      promptTokens: piece.promptTokens ?? last.promptTokens,
      answerTokens: piece.answerTokens ?? last.answerTokens,
      costUsd: piece.costUsd ?? last.costUsd,
      isEnd: piece.isEnd || last.isEnd,
      cutBy: piece.cutBy ?? last.cutBy,
      error: last.isEnd ? last.error : (piece.error ?? last.error), // after its end nothing spoils it
    };
    if (piece.text !== '') {
      this.#text += piece.text;
      this.#parts.onText?.(piece.text);
    }
  }

  /** A whole answer stays one whatever befell the stream after it. */
  end(how: Ended): Attempt {
    const { promptTokens, answerTokens, costUsd, isEnd, cutBy, error } = this.#last;
    const isBegun = this.#events > 0;
    const failure =
      isEnd && error === null ? null : toFailure(this.#parts.client, { ...how, error, isBegun });
    const usage = { promptTokens, answerTokens, costUsd };
    return { text: this.#text, ...usage, cutBy, isBegun, failure };
  }
}

interface Ended {
  /** What was waited for in vain. */
  readonly expired: string | null;
  readonly thrown?: unknown;
  /** What the stream itself said. */
  readonly error?: ServerError | null;
  readonly isBegun?: boolean;
}

/** Why a request to `client` brought nothing whole. */
export function toFailure(client: HttpClient, how: Ended): ServerFailure {
  if (how.expired !== null) {
    return { kind: 'timeout', message: how.expired };
  }
  const error = how.error ?? client.toServerError(how.thrown);
  if (error) {
    return { kind: 'refused', error };
  }
  if (how.isBegun) {
    const message = how.thrown === undefined ? 'it ended too early' : toReason(how.thrown);
    return { kind: 'cut', message };
  }
  return how.thrown === undefined || how.thrown instanceof SyntaxError
    ? { kind: 'unreadable' }
    : { kind: 'unreachable', message: toReason(how.thrown) };
}

/** The innermost reason that says anything: `ECONNREFUSED` rather than `fetch failed`. */
function toReason(thrown: unknown): string {
  let reason = String(thrown);
  for (let at: unknown = thrown; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    reason = [code, at.message].filter((part) => part !== '').join(' ') || reason;
  }
  return reason;
}
