// Runs over the real sandbox and session rules, with a model that says what a test scripts.

import path from 'node:path';
import { SessionRegistry } from '../../src/core/sessionRegistry';
import type { LoopRequest } from '../../src/core/loop';
import type { Model, ModelRequest } from '../../src/core/model';
import { FileContextReader } from '../../src/context/fileContextReader';
import { SessionLoopRunner } from '../../src/loop/loopRunner';
import type { SandboxFactory } from '../../src/core/sandbox';
import { systemClock } from '../../src/systemClock';
import { MemoryTraceStore } from './memoryTraceStore';
import { sampleEngineId } from './sampleTrace';
import { detectHere } from './detectHere';

type Reply = string | ((request: ModelRequest, signal: AbortSignal) => string | Promise<string>);

/** Gives its replies in order; the last one again and again. */
export class LoopModel implements Model {
  /** Those of the loop itself. */
  readonly asked: ModelRequest[] = [];
  /** Those of the code. */
  readonly subCalls: ModelRequest[] = [];
  readonly #replies: readonly Reply[];
  tokens = 1;
  name = 'fake/model';

  constructor(replies: readonly Reply[]) {
    this.#replies = replies;
  }

  /** All that the loop's model was ever shown. */
  get prompts(): string {
    return this.asked.map(({ messages }) => JSON.stringify(messages)).join('\n');
  }

  async answer(request: ModelRequest, signal: AbortSignal) {
    const isLoop = request.purpose === 'loop';
    const reply = isLoop
      ? (this.#replies[this.asked.length] ?? this.#replies.at(-1) ?? '')
      : 'sub-answer';
    (isLoop ? this.asked : this.subCalls).push(request);
    const text = typeof reply === 'string' ? reply : await reply(request, signal);
    request.onText?.(text);
    const usage = { promptTokens: this.tokens, answerTokens: 0, tokensEstimated: false };
    return { text, model: this.name, ...usage, costUsd: null };
  }

  readStatus() {
    return Promise.resolve([]);
  }
}

export interface LoopEngine {
  readonly runner: SessionLoopRunner;
  readonly sessions: SessionRegistry;
  readonly traces: MemoryTraceStore;
  readonly model: LoopModel;
  close(): Promise<void>;
}

export function createLoopEngine(
  sandboxes: SandboxFactory,
  replies: readonly Reply[],
  options: {
    readonly promptFolder?: string;
    readonly folder?: string;
    readonly maxIterations?: number;
  } = {},
): LoopEngine {
  const model = new LoopModel(replies);
  const traces = new MemoryTraceStore();
  const folder = options.folder ?? path.resolve('test');
  const sessions: SessionRegistry = new SessionRegistry({
    sandboxes,
    traces,
    contexts: new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [folder],
      baseFolder: folder,
    }),
    model,
    readLoops: () => runner,
    clock: systemClock,
    engineId: sampleEngineId,
    version: '0.1.0',
  });
  const runner: SessionLoopRunner = new SessionLoopRunner({
    sessions,
    promptFolder: options.promptFolder ?? null,
    readMaxIterations: async () => options.maxIterations ?? null,
  });
  return {
    runner,
    sessions,
    traces,
    model,
    close: async () => {
      await sessions.closeAll('the test ended');
      sessions.dispose();
    },
  };
}

export function toRequest(request: Partial<LoopRequest> = {}): LoopRequest {
  return {
    task: 'Say how long the context is.',
    context: { text: 'alpha\nbeta\ngamma', paths: [] },
    title: '',
    language: 'python',
    maxIterations: 5,
    model: null,
    subModel: null,
    limits: {},
    client: null,
    parent: null,
    ...request,
  };
}

/** A reply with one block of code. */
export function toBlock(code: string, label = 'repl'): string {
  return `I do the next thing.\n\n\`\`\`${label}\n${code}\n\`\`\`\n`;
}
