// What a session asks of models and of child sessions, and who pays for it.

import { Budget, type Spending } from './budget';
import type { Clock } from './clock';
import type { ReplOpened } from './event';
import { HostCalls } from './hostCalls';
import type { KeptAnswers } from './keptAnswers';
import type { Limits, Usage } from './limits';
import type { LoopRunner } from './loop';
import type { Model, ModelClient } from './model';
import { ModelCalls, type RecordedCall } from './modelCalls';
import type { Recorder } from './recorder';
import type { Language } from './sandbox';
import type { SessionParent } from './sessionParent';

interface SessionModelsParts {
  readonly opened: ReplOpened;
  readonly recorder: Recorder;
  readonly model: Model;
  readonly clock: Clock;
  /** Of the session whose code asked for this one; null: this one pays for itself. */
  readonly parentBudget: Budget | null;
  /** Runs child sessions; null where no model writes code. */
  readonly loops: LoopRunner | null;
  /** Of the session's `maxSessionMs`. */
  readonly readLeftMs: () => number;
  /** The session's limits, as far as the run that it is a part of leaves them. */
  readonly readLimits: () => Limits;
}

interface HostCallOptions {
  readonly calls: ModelCalls;
  readonly client: ModelClient | null;
  /** `provider/model` for prompts that name none. */
  readonly subModel: string | null;
}

export class SessionModels {
  readonly #parts: SessionModelsParts;
  #budget: Budget;

  constructor(parts: SessionModelsParts) {
    this.#parts = parts;
    this.#budget = this.#createBudget();
  }

  /** As what its children know the session. */
  get asParent(): SessionParent {
    const { opened, readLeftMs } = this.#parts;
    const { sessionId, depth, limits, sandbox } = opened;
    return { sessionId, depth, limits, sandbox, budget: this.#budget, leftMs: readLeftMs() };
  }

  /** Characters of code and output that are left here and in every parent. */
  get leftChars(): number {
    return this.#budget.left.chars;
  }

  /** What children have used since the last event counts too. */
  readUsage(): Usage {
    const { calls, tokens, chars } = this.#budget.used;
    const { usage } = this.#parts.recorder.summary;
    return { ...usage, llmCalls: calls, llmTokens: tokens, budgetUsed: chars };
  }

  spendChars(chars: number): void {
    this.#budget.spendChars(chars);
  }

  /** Takes over what the record says was used: after a fork it has more than before. */
  takeUsage(): void {
    this.#budget = this.#createBudget();
  }

  /** Whether calls or tokens are used up, here or in a parent. */
  get hasSpentCalls(): boolean {
    return this.#budget.hasSpentCalls;
  }

  /** Calls of one step, which their events name whenever they end. */
  createCalls(step: number, kept: KeptAnswers | null = null): ModelCalls {
    const { model, clock } = this.#parts;
    const record = (call: RecordedCall): Promise<void> => this.#record(step, call);
    const { sessionId, title, depth } = this.#parts.opened;
    const origin = { sessionId, title, depth };
    return new ModelCalls({ model, clock, budget: this.#budget, record, kept, origin });
  }

  createHostCalls({ calls, client, subModel }: HostCallOptions): HostCalls {
    const { clock, loops, opened } = this.#parts;
    return new HostCalls({
      calls,
      clock,
      loops,
      session: { ...this.asParent, language: opened.language },
      readUsage: () => this.readUsage(),
      readLimits: this.#parts.readLimits,
      client,
      subModel,
    });
  }

  /** Answers what asks no model as it was when a session of these limits had used so much. */
  createReplayCalls(limits: Limits, usage: Usage): HostCalls {
    const { language } = this.#parts.opened;
    return createReplayCalls({ ...this.asParent, limits, language }, usage, this.#parts);
  }

  #createBudget(): Budget {
    const { opened, recorder, parentBudget } = this.#parts;
    return new Budget(toSpending(opened.limits), toSpent(recorder.summary.usage), parentBudget);
  }

  async #record(step: number, call: RecordedCall): Promise<void> {
    const event = { kind: 'model.answered', ...call } as const;
    await this.#parts.recorder.append(event, { usage: this.readUsage(), step });
  }
}

/** Answers what asks no model as it was when a session of these limits had used so much. */
export function createReplayCalls(
  session: Omit<SessionParent, 'budget'> & { readonly language: Language },
  usage: Usage,
  { clock, model }: { readonly clock: Clock; readonly model: Model },
): HostCalls {
  const budget = new Budget(toSpending(session.limits), toSpent(usage), null);
  return new HostCalls({
    calls: new ModelCalls({ model, clock, budget, record: async () => undefined }),
    clock,
    loops: null,
    session: { ...session, budget },
    readUsage: () => usage,
    readLimits: () => session.limits,
    client: null,
    subModel: null,
  });
}

function toSpending({ maxLlmCalls, maxLlmTokens, budgetLimit }: Limits): Spending {
  return { calls: maxLlmCalls, tokens: maxLlmTokens, chars: budgetLimit };
}

function toSpent({ llmCalls, llmTokens, budgetUsed }: Usage): Spending {
  return { calls: llmCalls, tokens: llmTokens, chars: budgetUsed };
}
