// Port: which client's request asked for what goes on now, so that logs and traces can be put together.
// Implemented over Node's asynchronous contexts in src/runtime.ts.

export interface RequestScope {
  /** Of the request in whose course this is read; null: none is known. */
  readonly requestId: string | null;
  /** `run` in the course of the request that goes on now, or of none, whoever calls it later. */
  bind<Args extends unknown[], Result>(run: (...args: Args) => Result): (...args: Args) => Result;
}

/** What a request's id may be: it becomes part of logs and traces. */
export const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/u;

export const noRequests: RequestScope = { requestId: null, bind: (run) => run };
