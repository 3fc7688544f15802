// Fake ports for the core's rules: a sandbox that does what a test scripts, a trace in memory, and a
// clock that moves when told.

import { Emitter } from '../../src/base/emitter';
import type { ContextReader } from '../../src/core/context';
import type { ReplOpened, TraceEvent } from '../../src/core/event';
import { createLimits, noUsage, type Limits } from '../../src/core/limits';
import type { Model, ModelRequest } from '../../src/core/model';
import {
  type ContextLoad,
  type Outcome,
  type Sandbox,
  type StepRequest,
  type VariableValue,
  unrecordedPlace,
} from '../../src/core/sandbox';
import type { FileReply, FileRequest } from '../../src/core/sandboxFiles';
import { Session, type SessionParts } from '../../src/core/session';
import { createSummary } from '../../src/core/summary';
import { LeaseLostError, type TraceSink } from '../../src/core/traceStore';
import { emptyOutcome } from './emptyOutcome';
import { FakeClock } from './fakeClock';

type Script = (request: StepRequest, signal: AbortSignal) => Promise<Partial<Outcome>>;

export class FakeSandbox implements Sandbox {
  readonly language = 'python';
  readonly place = unrecordedPlace;
  readonly variables = new Map<string, VariableValue>();
  readonly requests: StepRequest[] = [];
  readonly #died = new Emitter<string>();
  readonly onDidDie = this.#died.event;
  script: Script = async () => ({});
  disposed = false;

  async loadContext(load: ContextLoad) {
    await load.write({
      expect: async () => undefined,
      beginSource: async () => undefined,
      write: async () => undefined,
      restartSource: async () => undefined,
    });
    return { totalChars: 0, totalLines: 0, sources: [], sourceCount: 0, preview: '' };
  }

  async runStep(request: StepRequest, signal: AbortSignal): Promise<Outcome> {
    this.requests.push(request);
    return { ...emptyOutcome, ...(await this.script(request, signal)) };
  }

  async readVariable({ name }: { readonly name: string }) {
    return this.variables.get(name);
  }

  /** How many holds there were after each change. */
  readonly holds: number[] = [];

  holdClock() {
    this.holds.push((this.holds.at(-1) ?? 0) + 1);
    return { dispose: () => this.holds.push((this.holds.at(-1) ?? 0) - 1) };
  }

  readonly fileRequests: FileRequest[] = [];
  /** Refused where it says nothing. */
  fileScript: (request: FileRequest, signal: AbortSignal) => Promise<Partial<FileReply>> =
    async () => ({});

  async runFileOperation(request: FileRequest, signal: AbortSignal): Promise<FileReply> {
    this.fileRequests.push(request);
    const refused = { kind: 'refused', reason: 'unsupported', message: 'no files' } as const;
    const scripted = await this.fileScript(request, signal);
    return { answer: refused, interruption: null, filesLost: false, ...scripted };
  }

  die(reason: string): void {
    this.#died.fire(reason);
  }

  dispose(): void {
    this.disposed = true;
  }
}

export class MemorySink implements TraceSink {
  readonly events: TraceEvent[] = [];
  readonly texts = new Map<string, string>();
  failure: Error | undefined;
  closed = false;

  async append(event: TraceEvent): Promise<void> {
    await Promise.resolve();
    if (this.failure) {
      throw this.failure;
    }
    this.events.push(event);
  }

  async checkLease(): Promise<void> {
    await Promise.resolve();
    if (this.failure instanceof LeaseLostError) {
      throw this.failure;
    }
  }

  async keepText(name: string, text: string): Promise<void> {
    this.texts.set(name, text);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export const emptyContexts: ContextReader = {
  baseFolder: '/work',
  readContext: async () => ({
    kind: 'text',
    shape: 'string',
    sources: [],
    hash: '',
    warnings: [],
    skipped: [],
    skippedCount: 0,
  }),
  readFile: async (path) => ({ path, bytes: new Uint8Array() }),
};

export class FakeModel implements Model {
  readonly prompts: string[] = [];
  reply: (request: ModelRequest, signal: AbortSignal) => Promise<string> = async ({ messages }) =>
    `re: ${messages.at(-1)?.text}`;
  tokens = 10;

  async answer(request: ModelRequest, signal: AbortSignal) {
    this.prompts.push(request.messages.at(-1)?.text ?? '');
    const text = await this.reply(request, signal);
    const tokens = { promptTokens: this.tokens, answerTokens: 0, tokensEstimated: false };
    return { text, model: 'fake/model', ...tokens, costUsd: null };
  }

  async readStatus() {
    return [];
  }
}

type Family = Pick<SessionParts, 'parentBudget' | 'loops'> &
  Partial<Pick<SessionParts, 'pool' | 'requests'>>;

export function createFakeSession(
  limits: Partial<Limits> = {},
  family: Family = { parentBudget: null, loops: null },
) {
  const clock = new FakeClock();
  const sandbox = new FakeSandbox();
  const sink = new MemorySink();
  const model = new FakeModel();
  const opened: ReplOpened = {
    kind: 'session.opened',
    at: clock.now(),
    step: 0,
    status: 'active',
    usage: noUsage,
    sessionId: 'session-1',
    title: 'A session',
    language: 'python',
    sandbox: unrecordedPlace,
    agent: null,
    limits: createLimits(limits),
    parentSessionId: null,
    sourceStep: null,
    depth: 0,
    engineId: 'engine-1',
    version: '0.0.0',
  };
  const start = { opened, summary: createSummary(opened), step: 0 };
  const session = new Session(start, {
    clock,
    sandbox,
    sink,
    model,
    contexts: emptyContexts,
    pool: null,
    ...family,
  });
  return { session, clock, sandbox, sink, model };
}
