// One typed message channel for every boundary: requests with replies, errors, cancellation, and
// one-way notices. A closed channel rejects what is pending, so no request can hang.

import { onAbort } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { RlmError, cancelledError, toRlmError, type ErrorCode } from '../core/errors';

/** The transport below a channel: IPC, MessagePort, a pair in memory, a webview. Keeps order. */
export interface Link {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: (reason: string) => void): void;
}

/** What one side answers: name → function from one argument to a promised result. */
export type Methods = Record<string, (params: never, signal: AbortSignal) => unknown>;

type Params<M extends Methods, K extends keyof M> = Parameters<M[K]>[0];
type Result<M extends Methods, K extends keyof M> = Awaited<ReturnType<M[K]>>;

type Frame =
  | { readonly t: 'request'; readonly id: number; readonly name: string; readonly params: unknown }
  | { readonly t: 'result'; readonly id: number; readonly value: unknown }
  | { readonly t: 'error'; readonly id: number; readonly error: FrameError }
  | { readonly t: 'cancel'; readonly id: number };

interface FrameError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly nextStep: string;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** `Local` is what this side answers, `Remote` what the other side does. */
export class Channel<Local extends Methods, Remote extends Methods> implements Disposable {
  readonly #link: Link;
  readonly #methods: Local;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  #nextId = 1;
  #closed: string | null = null;

  constructor(link: Link, methods: Local) {
    this.#link = link;
    this.#methods = methods;
    link.onMessage((message) => this.#receive(message as Frame)); // both ends are this class
    link.onClose((reason) => this.#close(reason));
  }

  /** Aborting `signal` tells the other side; the promise still settles by its answer. */
  async request<K extends keyof Remote & string>(
    name: K,
    params: Params<Remote, K>,
    signal?: AbortSignal,
  ): Promise<Result<Remote, K>> {
    if (this.#closed !== null) {
      throw closedError(this.#closed);
    }
    if (signal?.aborted) {
      throw cancelledError(name);
    }
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    const registration = signal && onAbort(signal, () => this.#send({ t: 'cancel', id }));
    try {
      this.#send({ t: 'request', id, name, params });
      return (await answer) as Result<Remote, K>; // the other side is typed by the same interface
    } finally {
      registration?.dispose();
      this.#pending.delete(id);
    }
  }

  dispose(): void {
    this.#close('the channel was closed');
  }

  #send(frame: Frame): void {
    if (this.#closed === null) {
      this.#link.send(frame);
    }
  }

  #receive(frame: Frame): void {
    switch (frame.t) {
      case 'request':
        void this.#answer(frame.id, frame.name, frame.params);
        return;
      case 'result':
        this.#pending.get(frame.id)?.resolve(frame.value);
        return;
      case 'error': {
        const { code, message, nextStep } = frame.error;
        this.#pending.get(frame.id)?.reject(new RlmError(code, message, { nextStep }));
        return;
      }
      case 'cancel':
        this.#running.get(frame.id)?.abort();
        return;
    }
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      if (!method) {
        throw new Error(`No method ${name}.`);
      }
      const value: unknown = await method(params as never, controller.signal); // typed at the sender
      this.#send({ t: 'result', id, value });
    } catch (thrown) {
      const { code, message, nextStep } = toRlmError(thrown);
      this.#send({ t: 'error', id, error: { code, message, nextStep } });
    } finally {
      this.#running.delete(id);
    }
  }

  #close(reason: string): void {
    if (this.#closed !== null) {
      return;
    }
    this.#closed = reason;
    for (const controller of this.#running.values()) {
      controller.abort();
    }
    for (const pending of this.#pending.values()) {
      pending.reject(closedError(reason));
    }
    this.#pending.clear();
  }
}

/** Two linked ends in one process, for tests and for workers that run in the engine itself. */
export function createLinkedPair(): readonly [Link, Link] {
  const first = createEnd();
  const second = createEnd();
  first.peer = second;
  second.peer = first;
  return [first, second];
}

interface PairEnd extends Link {
  peer: PairEnd | null;
  deliver(message: unknown): void;
}

function createEnd(): PairEnd {
  let listener: (message: unknown) => void = () => undefined;
  const end: PairEnd = {
    peer: null,
    deliver: (message) => listener(message),
    send: (message) => queueMicrotask(() => end.peer?.deliver(message)),
    onMessage: (given) => {
      listener = given;
    },
    onClose: () => undefined,
  };
  return end;
}

function closedError(reason: string): RlmError {
  return new RlmError('SANDBOX_EXEC_ERROR', `The other side is gone: ${reason}.`, {
    nextStep: 'Try again; a new sandbox process is started when needed.',
  });
}
