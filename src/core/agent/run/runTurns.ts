// What is said to a run's program, and which turns follow from it.

import { RlmError, toRlmError } from '../../errors';
import type { AgentBudget } from '../agentBudget';
import type { Speaker } from '../agentEvent';
import type { AgentStatus } from '../agentState';
import { cut } from '../happenings';
import type { RunMeter } from './runMeter';
import type { RunHold } from './runParts';
import type { RunProgram } from './runProgram';

interface RunTurnsParts {
  readonly hold: RunHold;
  readonly program: RunProgram;
  readonly meter: RunMeter;
  readonly budget: AgentBudget;
  readonly signal: AbortSignal;
  readonly readStatus: () => AgentStatus;
  /** The program has the text. */
  readonly onTold: () => void;
}

export class RunTurns {
  readonly #parts: RunTurnsParts;
  /** What is being said to the program now. */
  readonly #tellings = new Set<Promise<void>>();
  /** Turns whose beginning was told, and those of them that were handled. */
  #told = 0;
  #handled = 0;

  constructor(parts: RunTurnsParts) {
    this.#parts = parts;
  }

  /** The beginning of a turn was told. */
  tellStart(): void {
    this.#told += 1;
  }

  handleStart(): void {
    this.#handled += 1;
  }

  /** No beginning of a turn has been handled yet. */
  get isBeforeFirst(): boolean {
    return this.#handled === 0;
  }

  /** Another turn than those that were handled has begun. */
  get isInTurn(): boolean {
    return this.#told > this.#handled || (this.#parts.program.thread?.turnId ?? null) !== null;
  }

  /** What is being said may begin another turn. */
  async whenAllTold(): Promise<void> {
    while (this.#tellings.size > 0) {
      await Promise.all(this.#tellings);
    }
  }

  /** @throws RlmError as `AgentRun.say`; what may not have arrived is on record. */
  async tell(text: string, by: Speaker): Promise<void> {
    const telling = this.#tellThread(text, by);
    const settled = telling.then(
      () => undefined,
      () => undefined,
    );
    this.#tellings.add(settled);
    await telling.finally(() => this.#tellings.delete(settled));
  }

  async #tellThread(text: string, by: Speaker): Promise<void> {
    const { hold, program, meter, budget, signal } = this.#parts;
    const { thread } = program;
    if (!thread || hold.isEnding()) {
      throw endedError(hold.sessionId, this.#parts.readStatus());
    }
    const turn = thread.turnId === null ? meter.reserveTurn() : null;
    const told = cut(text);
    hold.trace.append({
      ...{ kind: 'agent.said', by, form: 'message', text: told.text, droppedChars: told.dropped },
    });
    try {
      const { way } = await thread.say(text, signal);
      if (way === 'began' && !turn) {
        budget.spend('turns', 1);
      }
      turn?.settle(way === 'began' ? 1 : 0);
    } catch (thrown) {
      turn?.settle(0);
      const { code, message } = toRlmError(thrown);
      const doubt = `What was said last may not have arrived: ${message}`;
      hold.trace.append({ kind: 'agent.failed', code, message: doubt, willRetry: false });
      throw thrown;
    }
    this.#parts.onTold();
  }
}

export function endedError(sessionId: string, status: AgentStatus): RlmError {
  return new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} does not run (${status}).`, {
    nextStep: 'Resume it with spawn_agent, or read what it did with summarize_session.',
  });
}
