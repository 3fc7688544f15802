// An engine for tests of its surfaces: the real session rules over a sandbox, store and reader in memory.

import { SessionRegistry } from '../../src/core/sessionRegistry';
import { DownloadFolder } from '../../src/context/downloadFolder';
import type { ContextReader } from '../../src/core/context';
import { Tasks } from '../../src/core/task/tasks';
import type { Engine } from '../../src/core/engine';
import { RlmError } from '../../src/core/errors';
import type { Clock } from '../../src/core/clock';
import type { TraceStore } from '../../src/core/traceStore';
import type { Model } from '../../src/core/model';
import { RunSearch } from '../../src/core/search/runSearch';
import { SessionLoopRunner } from '../../src/loop/loopRunner';
import { FakeClock } from './fakeClock';
import { FakeSandbox } from './fakeSandbox';
import { MemoryIndex } from './memoryIndex';
import { MemoryTraceStore } from './memoryTraceStore';
import { createSource, sampleEngineId } from './sampleTrace';

export interface FakeEngine extends Engine {
  readonly clock: FakeClock;
  readonly traces: MemoryTraceStore;
  readonly sandboxes: readonly FakeSandbox[];
}

interface FakeEngineOptions {
  /** Path → text. Anything else under /data/ does not exist; all other paths are not allowed. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers of the sub-model; none: no model is set up. */
  readonly answer?: (prompt: string) => string | Promise<string>;
  /** Prompts are for the caller to answer. */
  readonly asksCaller?: boolean;
}

export function createFakeEngine(options: FakeEngineOptions = {}): FakeEngine {
  const clock = new FakeClock();
  const traces = new MemoryTraceStore();
  const contexts = createContextReader(options.files ?? {});
  const sandboxes: FakeSandbox[] = [];
  const sessions: SessionRegistry = new SessionRegistry({
    sandboxes: {
      createSandbox: async ({ language }) => {
        const sandbox = new FakeSandbox(language, clock);
        sandboxes.push(sandbox);
        return sandbox;
      },
      prewarm: () => undefined,
      readStatus: async () => sandboxStatus,
      dispose: () => undefined,
    },
    traces,
    contexts,
    model: createModel(options),
    clock,
    readLoops: () => loops,
    engineId: sampleEngineId,
    version: '0.1.0',
  });
  const loops: SessionLoopRunner = new SessionLoopRunner({
    sessions,
    promptFolder: null,
    readMaxIterations: async () => null,
  });
  const tasks = new Tasks();
  const search = createMemorySearch(traces, clock);
  return {
    engineId: sampleEngineId,
    version: '0.1.0',
    clock,
    loops,
    agents: null,
    search,
    tasks,
    sessions,
    traces,
    sandboxes,
    readHostFile: (file, maxBytes, signal) => contexts.readFile(file, maxBytes, signal),
    downloads: new DownloadFolder(() => null),
    prewarm: () => undefined,
    readStatus: async () => ({
      engineId: sampleEngineId,
      version: '0.1.0',
      pid: 4_242,
      uptimeMs: 1_500,
      sandbox: sandboxStatus,
      models: options.answer
        ? [{ provider: 'fake', state: 'ready', detail: 'always', models: ['fake/model'] }]
        : [],
      modelQuotas: [],
      sessionsByStatus: traces.countByStatus(),
      liveSessions: sessions.live.length,
      storage: { path: traces.location, ...(await traces.readSize()) },
      allowedRoots: ['/data'],
      index: await search.readHealth(),
    }),
    close: async () => {
      tasks.dispose();
      await sessions.closeAll('the engine ended');
      sessions.dispose();
    },
  };
}

export function createMemorySearch(traces: TraceStore, clock: Clock): RunSearch {
  const masker = { mask: (text: string) => text };
  return new RunSearch({ traces, clock, masker, index: new MemoryIndex(), embedder: null });
}

const unused = {
  nextStep: null,
  image: null,
  imageDigest: null,
  walls: [],
  live: 0,
  warm: 0,
} as const;
const sandboxStatus = {
  placement: 'engine',
  walls: [],
  backends: [
    { backend: 'wasm', language: 'python', works: true, detail: 'fake 1', ...unused },
    { backend: 'wasm', language: 'javascript', works: true, detail: 'fake 1', ...unused },
  ],
  liveSandboxes: 0,
  warmWorkers: 0,
} as const;

function createModel({ answer, asksCaller = false }: FakeEngineOptions): Model {
  return {
    answer: async (request, signal) => {
      const { messages, client } = request;
      if (asksCaller && client?.ask) {
        return client.ask(request, signal);
      }
      if (!answer) {
        throw new RlmError('MODEL_UNAVAILABLE', 'No model is set up.', { nextStep: 'Set one up.' });
      }
      const text = await answer(messages.at(-1)?.text ?? '');
      const usage = { promptTokens: 3, answerTokens: 2, tokensEstimated: false, costUsd: null };
      return { text, model: 'fake/model', ...usage };
    },
    readStatus: () => Promise.resolve([]),
  };
}

const chunkBytes = 65_536;
const fakeSource = createSource('', 0);

function createContextReader(files: Readonly<Record<string, string>>): ContextReader {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) {
      throw path.startsWith('/data/')
        ? new RlmError('INVALID_INPUT', `${path} does not exist.`, { nextStep: 'Check the path.' })
        : new RlmError('PATH_NOT_ALLOWED', `${path} is outside the allowed roots.`, {
            nextStep: 'Give a path under /data.',
          });
    }
    return text;
  };
  return {
    baseFolder: '/work',
    readFile: async (path) => ({ path, bytes: Buffer.from(readFile(path)) }),
    readContext: async (given, sink) => {
      const sources = [
        ...(given.text === null ? [] : [{ path: 'text', text: given.text }]),
        ...given.paths.map((path) => ({ path, text: readFile(path) })),
      ];
      for (const { path, text } of sources) {
        const bytes = Buffer.from(text);
        await sink.beginSource(path, bytes.length);
        for (let at = 0; at < bytes.length; at += chunkBytes) {
          await sink.write(bytes.subarray(at, at + chunkBytes));
        }
      }
      return {
        kind: given.paths.length > 0 ? 'files' : 'text',
        shape: sources.length === 1 ? 'string' : 'mapping',
        sources: sources.map(() => fakeSource),
        hash: fakeSource.hash,
        warnings: given.paths
          .filter((path) => path.includes('odd'))
          .map((path) => `${path}: a guess.`),
        skipped: [],
        skippedCount: 0,
      };
    },
  };
}
