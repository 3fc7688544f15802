// Codex tries to reach its model without end when nothing answers; here that has one. Source: measured with 0.169 and
// 0.171, connection refused.

import type { Disposable } from '../../base/disposable';
import type { AgentError } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { toAgentError } from './toError';
import { notificationSchemas } from './wire';

/** Told while it tries, so they are no sign of the model. */
const notOfModel = /^(?:error|warning|thread\/|account\/|mcpServer\/|serverRequest\/)/u;

export class LostConnection implements Disposable {
  #timer: Disposable | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly afterMs: number,
    private readonly onLost: (error: AgentError) => void,
  ) {}

  /** Every notification of the thread. */
  hear(method: string, params: unknown): void {
    if (!notOfModel.test(method)) {
      this.dispose();
      return;
    }
    const told = method === 'error' ? notificationSchemas.error.safeParse(params).data : undefined;
    if (told?.willRetry && !this.#timer) {
      const { message, httpStatus } = toAgentError(told.error);
      this.#timer = this.clock.after(this.afterMs, () => {
        this.#timer = null;
        const seconds = Math.round(this.afterMs / 1_000);
        this.onLost({
          message: `The model could not be reached for ${seconds} s: ${message}`,
          code: 'connectionLost',
          httpStatus,
        });
      });
    }
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = null;
  }
}
