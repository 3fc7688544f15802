// The request in whose course code runs, carried along by Node's asynchronous contexts.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestScope } from '../core/requestScope';

export class AsyncRequestScope implements RequestScope {
  readonly user = null;
  readonly #storage = new AsyncLocalStorage<string | null>();

  get requestId(): string | null {
    return this.#storage.getStore() ?? null;
  }

  run<T>(requestId: string, run: () => Promise<T>): Promise<T> {
    return this.#storage.run(requestId, run);
  }

  bind<Args extends unknown[], Result>(run: (...args: Args) => Result): (...args: Args) => Result {
    const { requestId } = this;
    return (...args) => this.#storage.run(requestId, () => run(...args));
  }
}
