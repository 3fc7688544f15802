// The sandbox of a session: another may take the place of one that is gone.

import { type Disposable, DisposableStore } from '../base/disposable';
import type { Sandbox } from './sandbox';
import { sandboxGoneError } from './sessionErrors';

export class SandboxSlot implements Disposable {
  readonly #sessionId: string;
  readonly #store = new DisposableStore();
  #sandbox: Sandbox;
  #brokenBy: string | null = null;
  #isClosed = false;

  constructor(sessionId: string, sandbox: Sandbox) {
    this.#sessionId = sessionId;
    this.#sandbox = sandbox;
    this.#watch(sandbox);
  }

  /** Why the sandbox is gone; null while it is there. */
  get brokenBy(): string | null {
    return this.#brokenBy;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Also one that is gone. */
  get current(): Sandbox {
    return this.#sandbox;
  }

  /** @throws RlmError 'SANDBOX_EXEC_ERROR' when it is gone or closed. */
  require(): Sandbox {
    if (this.#brokenBy !== null || this.#isClosed) {
      throw sandboxGoneError(this.#sessionId, this.#brokenBy ?? 'the session was closed');
    }
    return this.#sandbox;
  }

  replace(sandbox: Sandbox): void {
    if (sandbox !== this.#sandbox) {
      this.#sandbox.dispose();
      this.#sandbox = sandbox;
      this.#brokenBy = null;
      this.#watch(sandbox);
    }
  }

  /** Nobody gets it any more; what has it goes on until it is disposed. */
  close(): void {
    this.#isClosed = true;
  }

  dispose(): void {
    this.close();
    this.#sandbox.dispose();
    this.#store.dispose();
  }

  #watch(sandbox: Sandbox): void {
    this.#store.add(
      sandbox.onDidDie((reason) => {
        if (sandbox === this.#sandbox) {
          this.#brokenBy = reason;
        }
      }),
    );
  }
}
