// The server's models for one user: refuses a call where nothing is left of the quota, before any model is asked, and
// counts what calls use. What the user's own client answers costs the server nothing and is not counted.

import { RlmError } from '../core/errors';
import type { Model, ModelAnswer, ModelRequest, ModelUsage, ProviderStatus } from '../core/model';
import type { ModelQuotaStatus } from '../core/modelQuota';
import type { ModelLedger } from './modelLedger';
import type { Quota } from './quota';

/** Providers whose answers come from the client that calls. */
const ofClient: readonly string[] = ['sampling', 'caller'];

export class QuotaModel implements Model {
  readonly #model: Model;
  readonly #ledger: ModelLedger;
  readonly #readQuota: () => Quota;

  constructor(model: Model, ledger: ModelLedger, readQuota: () => Quota) {
    this.#model = model;
    this.#ledger = ledger;
    this.#readQuota = readQuota;
  }

  get quotas(): readonly ModelQuotaStatus[] {
    const quota = this.#readQuota();
    const { usage } = this.#ledger;
    return [
      { name: 'model_calls_per_day', used: usage.calls_today, limit: quota.model_calls_per_day },
      { name: 'model_tokens_per_day', used: usage.tokens_today, limit: quota.model_tokens_per_day },
      {
        name: 'model_calls_per_month',
        used: usage.calls_this_month,
        limit: quota.model_calls_per_month,
      },
      {
        name: 'model_tokens_per_month',
        used: usage.tokens_this_month,
        limit: quota.model_tokens_per_month,
      },
    ];
  }

  readStatus(): Promise<readonly ProviderStatus[]> {
    return this.#model.readStatus();
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    let isCounted = false;
    let counted = 0;
    const charge = ({ promptTokens, answerTokens }: ModelUsage): void => {
      const tokens = Math.max(0, promptTokens + answerTokens - counted);
      if (isCounted && tokens > 0) {
        counted += tokens;
        this.#ledger.add({ tokens });
      }
    };
    const answer = await this.#model.answer(
      {
        ...request,
        onProvider: (provider) => {
          request.onProvider?.(provider);
          isCounted = !ofClient.includes(provider);
          if (isCounted) {
            this.#requireLeft();
            this.#ledger.add({ calls: 1 });
          }
        },
        onSpent: (usage) => {
          charge(usage);
          const left = this.#findUsedUp() ? null : request.maxAnswerTokens;
          return left === null || !request.onSpent ? left : request.onSpent(usage);
        },
      },
      signal,
    );
    charge(answer);
    return answer;
  }

  #findUsedUp(): ModelQuotaStatus | undefined {
    return this.quotas.find(({ used, limit }) => limit !== null && used >= limit);
  }

  #requireLeft(): void {
    const usedUp = this.#findUsedUp();
    if (usedUp) {
      const { name, used, limit } = usedUp;
      const until = name.endsWith('day') ? 'midnight' : 'the first of the next month';
      throw new RlmError(
        'MODEL_UNAVAILABLE',
        `The quota ${name} is used up: ${used} of ${limit ?? 'any number'}.`,
        {
          nextStep: `Work with code alone until ${until} UTC, or ask who runs the server for more; rlm_status shows what is left.`,
        },
      );
    }
  }
}
