// The structured summary of a run: a fold of its events, always there, whatever a model says besides. Pure.

import { toCounted, toOneLine } from '../../base/text';
import type { AgentEventBody, AgentUsage } from './agentEvent';
import { agentStatusWords } from './agentWords';
import type { AgentStatus } from './agentState';
import type { Checklist } from './checklist';
import { toInnerCommand } from './innerCommand';

/** Of each kind the last ones are kept; how many there were is always told. */
const maxKept = 40;
const maxFiles = 200;
const testPattern = /\b(?:test|tests|pytest|jest|mocha|vitest|tox|ctest|check|spec)\b/u;

export interface FactsView {
  readonly messages: readonly string[];
  readonly commands: {
    readonly count: number;
    readonly failed: number;
    readonly refused: number;
    readonly last: readonly CommandFact[];
  };
  readonly tests: readonly CommandFact[];
  /** Those that changed last; each once. */
  readonly files: readonly { readonly path: string; readonly change: string }[];
  /** Changes of files that are not among them any more. */
  readonly droppedFiles: number;
  readonly tools: { readonly count: number; readonly last: readonly string[] };
  readonly approvals: {
    readonly asked: number;
    readonly accepted: number;
    readonly declined: number;
  };
  readonly notes: readonly string[];
  readonly refusals: readonly string[];
  readonly errors: readonly string[];
  readonly openQuestions: readonly string[];
}

interface CommandFact {
  readonly command: string;
  readonly result: string;
  readonly exitCode: number | null;
}

export class AgentFacts {
  #messages: string[] = [];
  #commands: CommandFact[] = [];
  #tests: CommandFact[] = [];
  #counts = { commands: 0, failed: 0, refused: 0, tools: 0, asked: 0, accepted: 0, declined: 0 };
  readonly #files = new Map<string, string>();
  #droppedFiles = 0;
  #tools: string[] = [];
  #notes: string[] = [];
  #refusals: string[] = [];
  #errors: string[] = [];
  readonly #waiting = new Map<string, string>();

  take(event: AgentEventBody): void {
    switch (event.kind) {
      case 'agent.said':
        if (event.by === 'agent' && event.form === 'message') {
          this.#messages = keep(this.#messages, event.text, 5);
        }
        return;
      case 'agent.ran': {
        const command = toOneLine(toInnerCommand(event.command), 200);
        const fact = { command, result: event.result, exitCode: event.exitCode };
        this.#commands = keep(this.#commands, fact, maxKept);
        this.#counts.commands += 1;
        this.#counts.failed += event.result === 'failed' ? 1 : 0;
        this.#counts.refused += event.result === 'refused' ? 1 : 0;
        if (testPattern.test(command)) {
          this.#tests = keep(this.#tests, fact, 10);
        }
        return;
      }
      case 'agent.edited':
        if (event.result === 'ok') {
          event.changes.forEach(({ path, change }) => this.#takeFile(path, change));
        }
        return;
      case 'agent.called':
        this.#counts.tools += 1;
        this.#tools = keep(
          this.#tools,
          `${event.server === null ? '' : `${event.server}.`}${event.tool}: ${event.result}`,
          maxKept,
        );
        return;
      case 'agent.asked':
        this.#counts.asked += 1;
        this.#waiting.set(
          event.approvalId,
          toOneLine(event.command ?? event.reason ?? event.subject, 200),
        );
        return;
      case 'agent.decided':
        this.#waiting.delete(event.approvalId);
        this.#counts.accepted += event.decision === 'accept' ? 1 : 0;
        this.#counts.declined += event.decision === 'accept' ? 0 : 1;
        return;
      case 'agent.noted':
        this.#notes = keep(this.#notes, event.note, maxKept);
        return;
      case 'agent.refused':
        this.#refusals = keep(this.#refusals, `${event.rule}: ${event.what}`, maxKept);
        return;
      case 'agent.failed':
        this.#errors = event.willRetry ? this.#errors : keep(this.#errors, event.message, 10);
        return;
      case 'agent.changed':
      case 'agent.started':
      case 'agent.checked':
      case 'agent.summarized':
      case 'agent.delegated':
      case 'agent.audited':
        return;
    }
  }

  #takeFile(path: string, change: string): void {
    this.#files.delete(path); // so that the last ones stand last
    this.#files.set(path, change);
    const [oldest] = this.#files.keys();
    if (this.#files.size > maxFiles && oldest !== undefined) {
      this.#files.delete(oldest);
      this.#droppedFiles += 1;
    }
  }

  get view(): FactsView {
    const { commands, failed, refused, tools, asked, accepted, declined } = this.#counts;
    return {
      messages: this.#messages,
      commands: { count: commands, failed, refused, last: this.#commands },
      tests: this.#tests,
      files: [...this.#files].map(([path, change]) => ({ path, change })),
      droppedFiles: this.#droppedFiles,
      tools: { count: tools, last: this.#tools },
      approvals: { asked, accepted, declined },
      notes: this.#notes,
      refusals: this.#refusals,
      errors: this.#errors,
      openQuestions: [...this.#waiting.values()],
    };
  }
}

interface OpenItem {
  readonly id: string;
  readonly description: string;
  readonly isDone: boolean;
}

interface Standing {
  readonly status: AgentStatus;
  readonly usage: AgentUsage;
  readonly checklist: Pick<Checklist, 'all'> | { readonly all: readonly OpenItem[] };
}

/** Plain text, some lines; what is open comes first. */
export function toFactsText(facts: FactsView, { status, usage, checklist }: Standing): string {
  const open = checklist.all.filter(({ isDone }) => !isDone);
  const { commands, files, tests, approvals, errors, refusals, openQuestions } = facts;
  const lastTest = tests.at(-1);
  return [
    `${agentStatusWords[status]}. ${toCounted(usage.turns, 'turn')}, ${toCounted(commands.count, 'command')} (${commands.failed} failed, ${commands.refused} refused), ${toCounted(usage.tokens, 'token')}.`,
    ...list('Waits for', openQuestions),
    ...list(
      'Open of its checklist',
      open.map(({ id, description }) => `${id}: ${description}`),
    ),
    ...(lastTest ? [`Last test: ${lastTest.command}: ${lastTest.result}`] : []),
    ...list(
      'Files',
      files.map(({ path, change }) => `${change} ${path}`),
    ),
    ...(facts.droppedFiles > 0
      ? [`- and ${toCounted(facts.droppedFiles, 'earlier change')} of other files`]
      : []),
    ...(approvals.asked > 0
      ? [`Approvals: ${approvals.accepted} accepted, ${approvals.declined} declined.`]
      : []),
    ...list('Refused', refusals),
    ...list('Errors', errors),
    ...list('Said last', facts.messages.slice(-1)),
  ].join('\n');
}

function list(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `- ${item}`)];
}

function keep<T>(items: readonly T[], item: T, count: number): T[] {
  return [...items, item].slice(-count);
}
