// What a run and its children may use together: reserved along the whole line of parents before it is used, settled
// after. A limit of 0 allows none. Pure.

import { Emitter } from '../../base/emitter';
import type { AgentLimits, AgentUsage } from './agentEvent';
import type { CallMost } from './masking';

/** What is counted one by one or in amounts; time and depth have rules of their own. */
export type Spent = Pick<
  AgentLimits,
  'tokens' | 'usd' | 'turns' | 'commands' | 'children' | 'wallMs'
>;
export type SpentName = keyof Spent;

/** Without any left of these a run cannot go on; the others are refused one by one. */
const neededNames: readonly SpentName[] = ['tokens', 'usd', 'wallMs'];

export interface AgentShortage {
  readonly limit: SpentName;
  readonly max: number;
  readonly used: number;
  /** Whose limit it is. */
  readonly sessionId: string;
}

export interface AgentReservation {
  /** Ends it: so much was used. Later calls change nothing. */
  settle(used: number): void;
}

export interface AgentReservations {
  /** Ends it: so much was used. Later calls change nothing. */
  settle(tokens: number, usd: number | null): void;
}

export class AgentBudget {
  readonly #sessionId: string;
  readonly #limits: Spent;
  readonly #parent: AgentBudget | null;
  readonly #used: Record<SpentName, number>;
  readonly #reserved: Record<SpentName, number> = createCounts();
  #isPriced: boolean;
  readonly #changed = new Emitter<void>();
  /** Fires when something of it, or of a child's, was used. */
  readonly onDidChange = this.#changed.event;

  constructor(
    sessionId: string,
    limits: Spent,
    { used, parent }: { readonly used: AgentUsage | null; readonly parent: AgentBudget | null },
  ) {
    this.#sessionId = sessionId;
    this.#limits = limits;
    this.#parent = parent;
    this.#isPriced = used !== null && used.usd !== null;
    this.#used = { ...createCounts(), ...used, usd: used?.usd ?? 0 };
  }

  /** By the run and its children. */
  get used(): AgentUsage {
    return { ...this.#used, usd: this.#isPriced ? this.#used.usd : null };
  }

  /** Which of what it cannot go on without (tokens, money, time) is used up, here or in a parent; null: none. */
  get shortage(): AgentShortage | null {
    for (const name of neededNames) {
      const found = this.#findUsedUp(name);
      if (found) {
        return found;
      }
    }
    return null;
  }

  /** What is left here and in every parent, reservations taken off; never below 0. */
  left(name: SpentName): number {
    const own = Math.max(0, this.#limits[name] - this.#used[name] - this.#reserved[name]);
    return Math.min(own, this.#parent?.left(name) ?? Infinity);
  }

  /** Whose limit has no room for `amount`; null: there is room. */
  findShortage(name: SpentName, amount: number): AgentShortage | null {
    const left = this.#limits[name] - this.#used[name] - this.#reserved[name];
    return left < amount
      ? this.#toShortage(name)
      : (this.#parent?.findShortage(name, amount) ?? null);
  }

  /** Null where it does not fit, here or in a parent. */
  reserve(name: SpentName, amount: number): AgentReservation | null {
    if (this.findShortage(name, amount)) {
      return null;
    }
    this.#hold(name, amount);
    let isSettled = false;
    return {
      settle: (used) => {
        if (!isSettled) {
          isSettled = true;
          this.#hold(name, -amount);
          this.spend(name, used);
        }
      },
    };
  }

  /**
   * For a call of a model that uses so much at most. Where that does not fit but something is left, here and in every
   * parent, the call is let through when it is the only one: so a limit is passed by one call at most. `wait`: others
   * have to settle first.
   */
  reserveCall(most: CallMost): AgentReservations | AgentShortage | 'wait' {
    const amounts: readonly (readonly ['tokens' | 'usd', number])[] = [
      ['tokens', most.tokens],
      ['usd', most.usd ?? 0],
    ];
    let hasToWait = false;
    for (const [name, amount] of amounts) {
      const found = this.#judgeCall(name, amount);
      if (typeof found === 'object' && found !== null) {
        return found;
      }
      hasToWait ||= found === 'wait';
    }
    if (hasToWait) {
      return 'wait';
    }
    amounts.forEach(([name, amount]) => this.#hold(name, amount));
    let isSettled = false;
    return {
      settle: (tokens, usd) => {
        if (isSettled) {
          return;
        }
        isSettled = true;
        amounts.forEach(([name, amount]) => this.#hold(name, -amount));
        if (usd !== null) {
          this.spend('usd', usd);
        }
        this.spend('tokens', tokens);
      },
    };
  }

  #judgeCall(name: 'tokens' | 'usd', amount: number): AgentShortage | 'wait' | null {
    const left = this.#limits[name] - this.#used[name];
    const above = this.#parent ? this.#parent.#judgeCall(name, amount) : null;
    if (left <= 0 && (amount > 0 || this.#used[name] > 0)) {
      return this.#toShortage(name);
    }
    return (
      above ?? (left - this.#reserved[name] >= amount || this.#reserved[name] === 0 ? null : 'wait')
    );
  }

  /** The budget that all of its family draw on. */
  get root(): AgentBudget {
    return this.#parent?.root ?? this;
  }

  /** Counts what was used without being reserved. */
  spend(name: SpentName, amount: number): void {
    this.#used[name] += amount;
    this.#isPriced ||= name === 'usd';
    this.#parent?.spend(name, amount);
    this.#changed.fire();
  }

  /** A limit of 0 is used up by the first that is spent, not before. */
  #findUsedUp(name: SpentName): AgentShortage | null {
    if (this.#used[name] > 0 && this.#used[name] >= this.#limits[name]) {
      return this.#toShortage(name);
    }
    return this.#parent ? this.#parent.#findUsedUp(name) : null;
  }

  #hold(name: SpentName, amount: number): void {
    this.#reserved[name] += amount;
    if (this.#parent) {
      this.#parent.#hold(name, amount);
    }
  }

  #toShortage(name: SpentName): AgentShortage {
    return {
      limit: name,
      max: this.#limits[name],
      used: this.#used[name],
      sessionId: this.#sessionId,
    };
  }
}

function createCounts(): Record<SpentName, number> {
  return { tokens: 0, usd: 0, turns: 0, commands: 0, children: 0, wallMs: 0 };
}
