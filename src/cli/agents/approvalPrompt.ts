// While a run is followed: asks the person for each approval that comes up, or says how it is answered from elsewhere.

import type { AgentAsked } from '../../core/agent/agentEvent';
import { toRlmError } from '../../core/errors';
import type { Cli } from '../cli';
import { toFailureText } from '../failure';
import { askApproval, type GivenAnswer } from './askApprovals';

interface PromptParts {
  readonly cli: Cli;
  readonly sessionId: string;
  /** False: nobody is asked, since what is printed is for a program, or nobody types. */
  readonly asks: boolean;
  readonly answer: (asked: AgentAsked, answer: GivenAnswer) => Promise<void>;
}

export class ApprovalPrompt {
  readonly #parts: PromptParts;
  #open: readonly AgentAsked[] = [];
  #asking: { readonly approvalId: string; readonly abort: AbortController } | null = null;
  /** Shown once, and not asked for again. */
  readonly #shown = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor(parts: PromptParts) {
    this.#parts = parts;
  }

  /** All that wait now. */
  update(open: readonly AgentAsked[]): void {
    this.#open = open;
    const { asks, cli } = this.#parts;
    if (this.#asking && !open.some(({ approvalId }) => approvalId === this.#asking?.approvalId)) {
      this.#asking.abort.abort();
      cli.terminal.print('\nThat approval waits no more.');
    }
    if (asks) {
      this.#askNext();
    } else {
      open.forEach((asked) => this.#tell(asked));
    }
  }

  /** Asks no more. Settles when an answer that was given is with the engine. */
  async end(): Promise<void> {
    this.#open = [];
    this.#asking?.abort.abort();
    await this.#work;
  }

  #askNext(): void {
    const next = this.#open.find(({ approvalId }) => !this.#shown.has(approvalId));
    if (!next || this.#asking) {
      return;
    }
    const abort = new AbortController();
    this.#shown.add(next.approvalId);
    this.#asking = { approvalId: next.approvalId, abort };
    this.#work = this.#ask(next, abort.signal).then(() => {
      this.#asking = null;
      this.#askNext();
    });
  }

  async #ask(asked: AgentAsked, signal: AbortSignal): Promise<void> {
    const { cli, answer } = this.#parts;
    const given = await askApproval(asked, cli, signal);
    if (given) {
      await answer(asked, given).catch((error: unknown) =>
        cli.terminal.printError(toFailureText(toRlmError(error), cli.terminal)),
      );
    } else if (!signal.aborted) {
      cli.terminal.printError(this.#toHow());
    }
  }

  #tell({ approvalId }: AgentAsked): void {
    if (!this.#shown.has(approvalId)) {
      this.#shown.add(approvalId);
      this.#parts.cli.terminal.printError(`It waits for you. ${this.#toHow()}`);
    }
  }

  #toHow(): string {
    return `Answer it by: rlm-companion agents approve ${this.#parts.sessionId}`;
  }
}
