// What a run uses of its budget: turns, actions, and the calls of its model, before or after they were made.

import { onAbort } from '../../../base/abort';
import { DisposableStore } from '../../../base/disposable';
import { RlmError } from '../../errors';
import type { AgentBudget, AgentReservation, AgentShortage } from '../agentBudget';
import type { AdmittedCall, CallMeter, CallMost } from '../masking';
import type { RunHold } from './runParts';

export class RunMeter implements CallMeter {
  readonly #budget: AgentBudget;
  readonly #hold: RunHold;
  /** Of the whole thread; null: it is one of an earlier process, and has not told yet. */
  #tokens: number | null;

  constructor(
    budget: AgentBudget,
    { hold, isNewThread }: { readonly hold: RunHold; readonly isNewThread: boolean },
  ) {
    this.#budget = budget;
    this.#hold = hold;
    this.#tokens = isNewThread ? 0 : null;
  }

  countAction(): void {
    const shortage = this.#budget.findShortage('commands', 1);
    if (shortage) {
      this.endFor(shortage);
    } else {
      this.#budget.spend('commands', 1);
    }
  }

  /**
   * `total`: of the whole thread, as its program counts; `last`: of the call before. `isMetered`: it was counted where
   * it was reserved. `isFirst`: of a turn that was begun before this engine heard of it.
   */
  countTokens(
    { total, last }: { readonly total: number; readonly last: number },
    { isMetered, isFirst }: { readonly isMetered: boolean; readonly isFirst: boolean },
  ): void {
    const atFirst = isFirst ? total : Math.max(0, total - last);
    const before = this.#tokens ?? atFirst; // what an earlier process has used is counted already
    this.#tokens = Math.max(total, before);
    if (!isMetered) {
      this.#budget.spend('tokens', this.#tokens - before);
    }
    const { shortage } = this.#budget;
    if (shortage) {
      this.endFor(shortage);
    }
  }

  /** Before a call of its model. */
  async admit(most: CallMost, signal: AbortSignal): Promise<AdmittedCall | null> {
    while (!signal.aborted && !this.#hold.isEnding()) {
      const found = this.#budget.shortage ?? this.#budget.reserveCall(most);
      if (found === 'wait') {
        await this.#untilSpent(signal);
      } else if ('settle' in found) {
        return found;
      } else {
        this.#refuse(toShortageText(found));
        return null;
      }
    }
    return null;
  }

  /** Something was used, or given back, somewhere in its family. */
  async #untilSpent(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const store = new DisposableStore();
      const done = (): void => {
        store.dispose();
        resolve();
      };
      store.add(this.#budget.root.onDidChange(done));
      store.add(onAbort(signal, done));
    });
  }

  endFor(shortage: AgentShortage | null): void {
    if (!this.#hold.isEnding()) {
      const what = shortage ? toShortageText(shortage) : 'a limit is used up';
      this.#refuse(what);
      this.#hold.end('terminated', what);
    }
  }

  findTurnShortage(): AgentShortage | null {
    return this.#budget.shortage ?? this.#budget.findShortage('turns', 1);
  }

  /** @throws RlmError 'GUARDRAIL_STOPPED' */
  checkTurns(): void {
    const shortage = this.findTurnShortage();
    if (shortage) {
      throw new RlmError('GUARDRAIL_STOPPED', toShortageText(shortage), {
        nextStep: 'Read what it has done with summarize_session; the user can spawn another.',
      });
    }
  }

  /** @throws RlmError 'GUARDRAIL_STOPPED' */
  reserveTurn(): AgentReservation | null {
    this.checkTurns();
    return this.#budget.reserve('turns', 1);
  }

  #refuse(what: string): void {
    this.#hold.trace.append({ kind: 'agent.refused', rule: 'budget', what });
  }
}

function toShortageText({ limit, max, used, sessionId }: AgentShortage): string {
  return `The limit ${limit} of session ${sessionId} is used up: ${Math.round(used)} of ${max}.`;
}
