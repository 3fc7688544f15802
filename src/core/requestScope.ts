// Port: which client's request asked for what goes on now, so that logs and traces can be put together.
// Implemented over Node's asynchronous contexts in src/runtime.ts.

export interface RequestScope {
  /** Of the request in whose course this is read; null: none is known. */
  readonly requestId: string | null;
  /** Whose sessions these are, on a server with users; null: there is only one. */
  readonly user: string | null;
  /** `run` in the course of the request that goes on now, or of none, whoever calls it later. */
  bind<Args extends unknown[], Result>(run: (...args: Args) => Result): (...args: Args) => Result;
}

/** What a request's id may be: it becomes part of logs and traces. */
export const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/u;

export const noRequests: RequestScope = { requestId: null, user: null, bind: (run) => run };

/** Of one user's sessions: what is recorded of them is that user's, whether a request leads to it or not. */
export function toUserRequests(requests: RequestScope, user: string): RequestScope {
  return {
    get requestId() {
      return requests.requestId;
    },
    user,
    bind: (run) => requests.bind(run),
  };
}
