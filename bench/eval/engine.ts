// An engine for evaluations: real sandboxes, sessions and traces, and a model that is counted.

import path from 'node:path';
import { FileContextReader } from '../../src/context/fileContextReader';
import type { Limits } from '../../src/core/limits';
import type { Model } from '../../src/core/model';
import { SessionRegistry } from '../../src/core/sessionRegistry';
import { SessionLoopRunner } from '../../src/loop/loopRunner';
import { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { FileTraceStore } from '../../src/store/fileTraceStore';
import { createHome } from '../../src/store/home';
import { systemClock } from '../../src/systemClock';
import { Meter } from './meter';
import { type Runner, createLoopRunner, createWholeTextRunner, maxIterations } from './runners';
import { detectHere } from '../../test/support/detectHere';

const engineId = 'eval-engine';

export interface EvalEngine {
  readonly meter: Meter;
  readonly runners: readonly Runner[];
  close(): Promise<void>;
}

export interface EngineOptions {
  /** For traces and contexts; the caller removes it. */
  readonly folder: string;
  readonly model: Model;
  /** The longest request that the whole text may make. */
  readonly windowTokens: number;
  /** Of the loops' sessions, over those that evaluations have. */
  readonly limits?: Partial<Limits>;
}

export async function openEngine(options: EngineOptions): Promise<EvalEngine> {
  const { folder, windowTokens, limits } = options;
  const meter = new Meter(options.model);
  const sandboxes = new SandboxProcess({
    folder: path.resolve('dist', 'sandbox'),
    log: (line) => process.stderr.write(line),
  });
  const traces = new FileTraceStore({
    home: await createHome(path.join(folder, 'home')),
    engineId,
    isEngineAlive: () => Promise.resolve(true),
  });
  const sessions: SessionRegistry = new SessionRegistry({
    sandboxes,
    traces,
    contexts: new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [folder],
      baseFolder: folder,
    }),
    model: meter,
    readLoops: () => loops,
    clock: systemClock,
    engineId,
    version: 'eval',
  });
  const loops: SessionLoopRunner = new SessionLoopRunner({
    sessions,
    promptFolder: null,
    readMaxIterations: async () => maxIterations,
  });
  const closeSessions = (): Promise<void> => sessions.closeAll('the case is over');
  return {
    meter,
    runners: [
      createLoopRunner({ loops, folder, closeSessions, ...(limits ? { limits } : {}) }),
      createWholeTextRunner(meter, windowTokens),
    ],
    close: async () => {
      await closeSessions();
      sessions.dispose();
      traces.dispose();
      sandboxes.dispose();
    },
  };
}
