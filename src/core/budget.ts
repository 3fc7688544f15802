// What a session and its children may spend on models together: reserved before each call, settled
// after it, along the whole line of parents. Characters of code and output are only counted.

import { untilFired } from '../base/abort';
import { Emitter } from '../base/emitter';
import { cancelledError } from './errors';
import type { SharedLimit } from './limits';

export interface Spending {
  readonly calls: number;
  readonly tokens: number;
  /** As `Limits.budgetLimit` counts them. */
  readonly chars: number;
}

/** Tokens of one call: the most its prompt can be, and how long its answer may get. */
export interface CallNeed {
  readonly promptTokens: number;
  readonly leastAnswerTokens: number;
  readonly mostAnswerTokens: number;
}

/** The limit, of the session or of one it is a child of, that has no room for a call. */
export interface Shortage {
  readonly limit: 'max_llm_calls' | 'max_llm_tokens';
  readonly max: number;
  readonly left: number;
}

export interface Reservation {
  /** What the answer may take. */
  readonly answerTokens: number;
  /**
   * Counts what the call has used so far, and reserves anew for another attempt at its answer, out of what
   * is left at once. Gives what that answer may take; null: it does not fit, and nothing is reserved.
   */
  renew(usedTokens: number): number | null;
  /** Ends the reservation: one call, and the tokens it took in all. Later calls change nothing. */
  settle(usedTokens: number): void;
}

export class Budget {
  readonly #limits: Spending;
  readonly #parent: Budget | null;
  readonly #settled: Emitter<void>;
  #used: Spending;
  #reservedCalls = 0;
  #reservedTokens = 0;

  constructor(limits: Spending, used: Spending, parent: Budget | null) {
    this.#limits = limits;
    this.#used = used;
    this.#parent = parent;
    this.#settled = parent ? parent.#settled : new Emitter();
  }

  /** By this session and its children. */
  get used(): Spending {
    return this.#used;
  }

  /** What is left here and in every parent, reserved calls taken off. */
  get left(): Spending {
    return this.#leftAfter((budget) => ({
      calls: budget.#used.calls + budget.#reservedCalls,
      tokens: budget.#used.tokens + budget.#reservedTokens,
      chars: budget.#used.chars,
    }));
  }

  /** Of each, where least is left, here or in a parent; calls that run are not taken off. */
  get tightest(): Readonly<Record<keyof Spending, SharedLimit>> {
    const above = this.#parent?.tightest;
    const find = (name: keyof Spending): SharedLimit => {
      const own = { max: this.#limits[name], left: this.#limits[name] - this.#used[name] };
      const higher = above?.[name];
      return higher && higher.left < own.left ? higher : own;
    };
    return { calls: find('calls'), tokens: find('tokens'), chars: find('chars') };
  }

  /** Whether calls or tokens are used up, here or in a parent. A limit of 0 allows none, and never is. */
  get hasSpentCalls(): boolean {
    const { calls, tokens } = this.#limits;
    const isSpent =
      (calls > 0 && this.#used.calls >= calls) || (tokens > 0 && this.#used.tokens >= tokens);
    return isSpent || (this.#parent?.hasSpentCalls ?? false);
  }

  /** Why a call got no reservation. */
  findShortage(need: CallNeed): Shortage {
    const [calls, tokens] = [
      this.#limits.calls - this.#used.calls,
      this.#limits.tokens - this.#used.tokens,
    ];
    if (calls < 1) {
      return { limit: 'max_llm_calls', max: this.#limits.calls, left: calls };
    }
    if (tokens < need.promptTokens + need.leastAnswerTokens || !this.#parent) {
      return { limit: 'max_llm_tokens', max: this.#limits.tokens, left: tokens };
    }
    return this.#parent.findShortage(need);
  }

  /**
   * Null when the call does not fit. While calls that run may still give something back, it waits
   * for them.
   * @throws RlmError 'CANCELLED'
   */
  async reserve(need: CallNeed, signal: AbortSignal): Promise<Reservation | null> {
    for (;;) {
      if (signal.aborted) {
        throw cancelledError('The sub-model call');
      }
      const tokens = this.#findFit(need);
      if (tokens !== 'later') {
        return tokens === null ? null : this.#take(need, tokens);
      }
      await untilFired(this.#settled.event, signal);
    }
  }

  spendChars(chars: number): void {
    this.#used = { ...this.#used, chars: this.#used.chars + chars };
    this.#parent?.spendChars(chars);
  }

  /** Tokens to reserve, null when they never fit, or 'later' when they may after a running call. */
  #findFit(need: CallNeed): number | null | 'later' {
    const least = need.promptTokens + need.leastAnswerTokens;
    const most = need.promptTokens + need.mostAnswerTokens;
    const now = this.left;
    if (now.calls >= 1 && now.tokens >= most) {
      return most;
    }
    const atBest = this.#leftAfter((budget) => budget.#used);
    if (atBest.calls < 1 || atBest.tokens < least) {
      return null;
    }
    const isIdle = now.calls === atBest.calls && now.tokens === atBest.tokens;
    return isIdle ? Math.min(most, now.tokens) : 'later';
  }

  #take(need: CallNeed, tokens: number): Reservation {
    let reserved = tokens;
    let counted = 0;
    let isSettled = false;
    this.#reserve(1, reserved);
    /** Nothing is reserved after it. */
    const count = (calls: number, usedTokens: number): void => {
      this.#reserve(-calls, -reserved);
      this.#spend(calls, usedTokens - counted);
      reserved = 0;
      counted = usedTokens;
    };
    return {
      answerTokens: tokens - need.promptTokens,
      renew: (usedTokens) => {
        if (isSettled) {
          return null; // by a provider that goes on after its call was cancelled
        }
        count(0, usedTokens);
        const { tokens: left } = this.left;
        if (left >= need.promptTokens + need.leastAnswerTokens) {
          reserved = Math.min(left, need.promptTokens + need.mostAnswerTokens);
          this.#reserve(0, reserved);
        }
        this.#settled.fire();
        return reserved === 0 ? null : reserved - need.promptTokens;
      },
      settle: (usedTokens) => {
        if (!isSettled) {
          isSettled = true;
          count(1, usedTokens);
          this.#settled.fire();
        }
      },
    };
  }

  #reserve(calls: number, tokens: number): void {
    this.#reservedCalls += calls;
    this.#reservedTokens += tokens;
    if (this.#parent) {
      this.#parent.#reserve(calls, tokens);
    }
  }

  #spend(calls: number, tokens: number): void {
    const used = this.#used;
    this.#used = { ...used, calls: used.calls + calls, tokens: used.tokens + tokens };
    if (this.#parent) {
      this.#parent.#spend(calls, tokens);
    }
  }

  #leftAfter(read: (budget: Budget) => Spending): Spending {
    const taken = read(this);
    const own = {
      calls: this.#limits.calls - taken.calls,
      tokens: this.#limits.tokens - taken.tokens,
      chars: this.#limits.chars - taken.chars,
    };
    const above = this.#parent ? this.#parent.#leftAfter(read) : null;
    return above
      ? {
          calls: Math.min(own.calls, above.calls),
          tokens: Math.min(own.tokens, above.tokens),
          chars: Math.min(own.chars, above.chars),
        }
      : own;
  }
}
