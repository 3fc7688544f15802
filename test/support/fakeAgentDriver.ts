// A driver of agents whose threads do only what a test makes happen.

import { Emitter } from '../../src/base/emitter';
import type {
  AgentDriver,
  AgentDriverStatus,
  AgentHappening,
  AgentThread,
  AnswerResult,
  ApprovalAnswer,
  HappeningBody,
  SaidText,
  StopReport,
  ThreadRequest,
} from '../../src/core/agent/agentDriver';

const works: AgentDriverStatus = {
  works: true,
  detail: 'fake 1',
  nextStep: null,
  program: { path: '/fake', version: '1', foundBy: 'setting' },
  mode: 'steered',
  differences: [],
  pid: null,
  threads: 0,
};

export class FakeAgentDriver implements AgentDriver {
  readonly threads: FakeAgentThread[] = [];
  status: AgentDriverStatus = works;
  /** What `startThread` and `resumeThread` reject with; null: they do not. */
  failure: Error | null = null;
  isDisposed = false;

  async readStatus(): Promise<AgentDriverStatus> {
    return { ...this.status, threads: this.threads.length };
  }

  startThread(request: ThreadRequest): Promise<FakeAgentThread> {
    return this.resumeThread(`thread-${this.threads.length + 1}`, request);
  }

  async resumeThread(threadId: string, request: ThreadRequest): Promise<FakeAgentThread> {
    if (this.failure) {
      throw this.failure;
    }
    const thread = new FakeAgentThread(threadId, request);
    this.threads.push(thread);
    return thread;
  }

  async endLeftovers(): Promise<number> {
    return 0;
  }

  dispose(): void {
    this.isDisposed = true;
    this.threads.forEach((thread) => thread.dispose());
  }
}

export class FakeAgentThread implements AgentThread {
  readonly effective;
  readonly said: string[] = [];
  readonly answers: { readonly approvalId: string; readonly answer: ApprovalAnswer }[] = [];
  turnId: string | null = null;
  /** What `say` rejects with; null: it does not. */
  failure: Error | null = null;
  stopped = 0;
  #turns = 0;
  #kept: AgentHappening[] | null = [];
  #exited = false;
  readonly #happened = new Emitter<AgentHappening>();

  constructor(
    readonly threadId: string,
    readonly request: ThreadRequest,
  ) {
    this.effective = { ...request.permissions, cwd: request.cwd, model: request.model ?? 'fake' };
  }

  readonly onDidHappen = (listener: (happening: AgentHappening) => void) => {
    const heard = this.#happened.event(listener);
    const kept = this.#kept ?? [];
    this.#kept = null;
    kept.forEach((happening) => this.#happened.fire(happening));
    return heard;
  };

  /** Makes it happen, in the running turn. */
  happen(body: HappeningBody): void {
    const happening: AgentHappening = { at: 0, turnId: this.turnId, ...body };
    if (body.kind === 'turnEnded') {
      this.turnId = null;
    }
    if (this.#kept) {
      this.#kept.push(happening);
    } else {
      this.#happened.fire(happening);
    }
  }

  async say(text: string): Promise<SaidText> {
    if (this.failure) {
      throw this.failure;
    }
    this.said.push(text);
    if (this.turnId !== null) {
      this.happen({ kind: 'said', text });
      return { turnId: this.turnId, way: 'steered' };
    }
    this.#turns += 1;
    const turnId = `turn-${this.#turns}`;
    this.turnId = turnId;
    this.happen({ kind: 'turnStarted' });
    this.happen({ kind: 'said', text });
    return { turnId, way: 'began' };
  }

  async answer(approvalId: string, answer: ApprovalAnswer): Promise<AnswerResult> {
    if (this.answers.some((one) => one.approvalId === approvalId)) {
      return 'late';
    }
    this.answers.push({ approvalId, answer });
    const { decision } = answer;
    this.happen({ kind: 'approvalResolved', approvalId, decision, by: 'answer' });
    return 'answered';
  }

  async stop(): Promise<StopReport> {
    this.stopped += 1;
    const ran = this.turnId !== null;
    if (ran) {
      this.happen({ kind: 'turnEnded', status: 'interrupted', error: null });
    }
    this.exit('stopped');
    return { measures: ran ? ['interrupted'] : [], isCertain: true, durationMs: 0 };
  }

  /** As when its process ends. */
  exit(reason: 'stopped' | 'disposed' | 'process ended'): void {
    if (!this.#exited) {
      this.#exited = true;
      this.turnId = null;
      this.happen({ kind: 'exited', reason, detail: '' });
    }
  }

  dispose(): void {
    this.exit('disposed');
  }
}
