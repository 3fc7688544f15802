// What became of the promises of a step: which were rejected with nobody to hear of it, what was thrown where nothing
// catches it, and how many are still pending.

import type { NodeHost } from './nodeHost';

const maxPending = 64;
const maxRejections = 100;

export class NodePromises {
  readonly #host: NodeHost;
  /** Rejected promises with their reasons; of what was thrown, an object of its own. */
  readonly #rejections = new Map<unknown, unknown>();
  #more = 0;
  #pending: object[] = [];
  #isFollowing = false;

  constructor(host: NodeHost) {
    this.#host = host;
    host.on('unhandledRejection', (reason, promise) => this.#add(promise, reason));
    host.on('rejectionHandled', (promise) => this.markHandled(promise));
    host.on('uncaughtException', (error) => this.addThrown(error));
    // One that comes of another is pending as long as that is.
    host.onPromise((promise, parent) => void (parent === undefined && this.#follow(promise)));
  }

  addThrown(error: unknown): void {
    this.#add({}, error);
  }

  markHandled(promise: unknown): void {
    this.#rejections.delete(promise);
  }

  /** A step begins: what has become of earlier promises is of no interest any more. */
  begin(): void {
    this.#rejections.clear();
    this.#more = 0;
    this.#pending = [];
    this.#isFollowing = true;
  }

  /** The code has ended. */
  end(): void {
    this.#isFollowing = false;
  }

  takeRejections(): { readonly reason: unknown; readonly count: number } | null {
    const [first] = [...this.#rejections.values()];
    const count = this.#rejections.size + this.#more;
    this.#rejections.clear();
    this.#more = 0;
    return count === 0 ? null : { reason: first, count };
  }

  /** How many promises that the step has made are still pending, as far as they were looked after. */
  takePending(): number {
    this.#letSettledGo();
    const count = this.#pending.length;
    this.#pending = [];
    return count;
  }

  #add(promise: unknown, reason: unknown): void {
    if (this.#rejections.size < maxRejections) {
      this.#rejections.set(promise, reason);
    } else {
      this.#more += 1;
    }
  }

  #follow(promise: object): void {
    if (!this.#isFollowing) {
      return;
    }
    if (this.#pending.length >= maxPending) {
      this.#letSettledGo();
    }
    if (this.#pending.length < maxPending) {
      this.#pending.push(promise);
    }
  }

  #letSettledGo(): void {
    const { promiseOf } = this.#host.realm.read;
    this.#pending = this.#pending.filter((promise) => promiseOf(promise)[0] === 0);
  }
}
