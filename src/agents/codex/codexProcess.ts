// An app-server that has been introduced to us, and whose threads hear what concerns them.

import type { Disposable } from '../../base/disposable';
import type { HappeningBody } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { AppServer, type ServerCommand, type ServerExit } from './appServer';
import { CallError } from './callError';
import type { CodexThread } from './codexThread';
import { cutEnd, maxPayloadChars } from './cut';
import type { LongLine } from './lines';
import { refusal, toAsked } from './toApproval';
import { type WireId, initializeAnswer, ofThread } from './wire';

/** Of one thread before it is known here. */
const maxEarly = 1_000;
const clientInfo = { name: 'rlm-companion', title: 'RLM Companion', version: '1' };

export class CodexProcess implements Disposable {
  readonly server: AppServer;
  readonly #threads = new Map<string, CodexThread>();
  /** Of threads whose start has not been answered yet; null: no start runs. */
  #early: Map<string, (() => void)[]> | null = null;
  #starting = 0;
  #exit: ServerExit | null = null;

  private constructor(command: ServerCommand, clock: Clock) {
    this.server = new AppServer(
      command,
      {
        notified: (method, params) =>
          this.#route(params, (thread) => thread.receive(method, params)),
        asked: (id, method, params) => this.#ask(id, method, params),
        unreadable: (line) => this.#tellUnreadable(line),
      },
      clock,
    );
    this.server.onDidExit((exit) => {
      this.#exit = exit;
      [...this.#threads.values()].forEach((thread) => thread.processEnded(exit));
    });
  }

  /** @throws CallError, when it has been ended again */
  static async start(
    command: ServerCommand,
    clock: Clock,
    deadlineMs: number,
  ): Promise<CodexProcess> {
    const process = new CodexProcess(command, clock);
    try {
      const capabilities = { experimentalApi: true, requestAttestation: false };
      const answer = await process.server.call(
        'initialize',
        { clientInfo, capabilities },
        { deadlineMs },
      );
      if (!initializeAnswer.safeParse(answer).success) {
        throw new CallError(
          'unreadable',
          'initialize',
          'Codex introduces itself in an unknown way.',
        );
      }
      process.server.notify('initialized');
      return process;
    } catch (error) {
      process.server.kill();
      throw error;
    }
  }

  get threadCount(): number {
    return this.#threads.size;
  }

  /** What the thread tells before `add` is kept for it while `start` runs. */
  async whileStarting<T>(start: () => Promise<T>): Promise<T> {
    this.#starting += 1;
    this.#early ??= new Map();
    try {
      return await start();
    } finally {
      this.#starting -= 1;
      if (this.#starting === 0) {
        this.#early = null;
      }
    }
  }

  hasThread(threadId: string): boolean {
    return this.#threads.has(threadId);
  }

  add(thread: CodexThread): void {
    const { threadId } = thread;
    this.#threads.set(threadId, thread);
    thread.onDidEnd(() => this.#threads.delete(threadId));
    const early = this.#early?.get(threadId) ?? [];
    this.#early?.delete(threadId);
    early.forEach((run) => run());
    if (this.#exit) {
      thread.processEnded(this.#exit);
    }
  }

  dispose(): void {
    [...this.#threads.values()].forEach((thread) => thread.dispose());
    this.server.dispose();
  }

  #route(params: unknown, run: (thread: CodexThread) => void): void {
    const threadId = ofThread.safeParse(params).data?.threadId;
    if (!threadId) {
      return; // of the account, of settings: nothing of an agent
    }
    const thread = this.#threads.get(threadId);
    if (thread) {
      run(thread);
      return;
    }
    const early = this.#early?.get(threadId) ?? [];
    if (this.#early && early.length < maxEarly) {
      early.push(() => {
        const known = this.#threads.get(threadId);
        if (known) {
          run(known);
        }
      });
      this.#early.set(threadId, early);
    }
  }

  #ask(id: WireId, method: string, params: unknown): void {
    const threadId = ofThread.safeParse(params).data?.threadId ?? '';
    const thread = this.#threads.get(threadId);
    if (thread) {
      thread.receiveRequest(id, method, params);
      return;
    }
    // Of a thread that has ended, or that Codex has begun by itself: nobody sees it, so nothing is allowed.
    const asked = toAsked(method, params, () => null);
    if (asked) {
      this.server.respond(id, asked.toResult(refusal('decline')));
    } else {
      this.server.refuse(id, 'This host does not answer it.');
    }
  }

  /** Where the line does not say whose it is, it may be anyone's. */
  #tellUnreadable({ head, tail, bytes }: LongLine): void {
    const ends = `${head}…${tail}`;
    const find = (field: string): string | undefined =>
      new RegExp(`"${field}":"([^"\\\\]{1,200})"`, 'u').exec(ends)?.[1];
    const { text } = cutEnd(head, maxPayloadChars);
    const body: HappeningBody = {
      kind: 'raw',
      method: find('method') ?? 'unreadable',
      payload: text,
      droppedChars: Math.max(0, bytes - text.length),
    };
    const thread = this.#threads.get(find('threadId') ?? '');
    const threads = thread ? [thread] : [...this.#threads.values()];
    threads.forEach((one) => one.receiveUnreadable(body));
  }
}
