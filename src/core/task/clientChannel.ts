// The client's own model, for work that outlives one call: a server may only ask a client within a call,
// so it is reached through whichever call is open.

import { onAbort } from '../../base/abort';
import { type Disposable, toDisposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { cancelledError } from '../errors';
import type { AskClient, ModelAnswer, ModelRequest } from '../model';

export class ClientChannel {
  /** Of the open calls, in the order they came. */
  readonly #open = new Set<AskClient>();
  readonly #opened = new Emitter<void>();

  /** Lets what waits ask through one call, until the result is disposed. */
  open(sample: AskClient | null): Disposable {
    if (!sample) {
      return toDisposable(() => undefined);
    }
    this.#open.add(sample);
    this.#opened.fire();
    return toDisposable(() => this.#open.delete(sample));
  }

  /** Null while a call is open; else settles when one is. */
  whenOpen(signal: AbortSignal): Promise<void> | null {
    return this.#open.size > 0 ? null : this.#untilOpen(signal);
  }

  async ask(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    for (;;) {
      const sample = [...this.#open].at(-1);
      if (sample) {
        return sample(request, signal);
      }
      await this.#untilOpen(signal);
    }
  }

  async #untilOpen(signal: AbortSignal): Promise<void> {
    let held: readonly Disposable[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        held = [
          this.#opened.event(resolve),
          onAbort(signal, () => reject(cancelledError('The prompt'))),
        ];
      });
    } finally {
      held.forEach((one) => one.dispose());
    }
  }
}
