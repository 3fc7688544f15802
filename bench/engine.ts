// Sessions over the real sandbox and the real trace store, with a model that the case gives.

import type { Model } from '../src/core/model';
import { SessionRegistry } from '../src/core/sessionRegistry';
import type { Session } from '../src/core/session';
import { FileContextReader } from '../src/context/fileContextReader';
import { FileTraceStore } from '../src/store/fileTraceStore';
import { createHome } from '../src/store/home';
import { systemClock } from '../src/systemClock';
import type { Bench } from './bench';
import { never, openSandboxes } from './repls';
import { detectHere } from '../test/support/detectHere';

const engineId = 'bench-engine';

export async function openTraces(bench: Bench, home: string): Promise<FileTraceStore> {
  return bench.store.add(
    new FileTraceStore({
      home: await createHome(home),
      engineId,
      isEngineAlive: () => Promise.resolve(true),
    }),
  );
}

export async function openRegistry(
  bench: Bench,
  options: { readonly home: string; readonly answer: Model['answer'] },
): Promise<SessionRegistry> {
  return bench.store.add(
    new SessionRegistry({
      sandboxes: openSandboxes(bench),
      traces: await openTraces(bench, options.home),
      contexts: new FileContextReader({
        detectEncoding: detectHere,
        roots: () => [bench.folder],
        baseFolder: bench.folder,
      }),
      model: { answer: options.answer, readStatus: () => Promise.resolve([]) },
      readLoops: () => null,
      clock: systemClock,
      engineId,
      version: 'bench',
    }),
  );
}

/** Runs a step that must succeed. */
export async function runSessionStep(session: Session, code: string): Promise<void> {
  const { outcome, stop } = await session.runStep({ code }, never);
  if (outcome.error || stop !== null) {
    throw new Error(outcome.error?.traceback ?? `The session was stopped: ${stop}`);
  }
}
