// What happened in one thread, in order; kept until somebody listens.

import type { Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { AgentHappening, HappeningBody } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';

export class Happenings implements Disposable {
  readonly #happened = new Emitter<AgentHappening>();
  #kept: AgentHappening[] | null = [];

  constructor(private readonly clock: Clock) {}

  readonly event = (listener: (happening: AgentHappening) => void): Disposable => {
    const heard = this.#happened.event(listener);
    const kept = this.#kept ?? [];
    this.#kept = null;
    kept.forEach((happening) => this.#happened.fire(happening));
    return heard;
  };

  tell(body: HappeningBody, turnId: string | null): void {
    const happening: AgentHappening = { at: this.clock.now(), turnId, ...body };
    if (this.#kept) {
      this.#kept.push(happening);
    } else {
      this.#happened.fire(happening);
    }
  }

  /** What is kept stays for a first listener that comes late. */
  dispose(): void {
    this.#happened.dispose();
  }
}
