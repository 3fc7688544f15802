// A registry of sessions over fake ports, for the rules of the sessions of one engine.

import type { Limits } from '../../src/core/limits';
import { SessionRegistry } from '../../src/core/sessionRegistry';
import { FakeClock } from './fakeClock';
import { FakeModel, FakeSandbox, emptyContexts } from './fakePorts';
import type { MemoryTraceStore } from './memoryTraceStore';

const never = new AbortController().signal;

/** An engine over the store; its sandboxes run `script`. `hash`: of every context that is read. */
export function createFakeRegistry(
  traces: MemoryTraceStore,
  script: FakeSandbox['script'],
  hash = '',
  engineId = 'engine-1',
) {
  const sandboxes: FakeSandbox[] = [];
  const model = new FakeModel();
  const clock = new FakeClock();
  const registry = new SessionRegistry({
    sandboxes: {
      createSandbox: async () => {
        const sandbox = new FakeSandbox();
        sandbox.script = script;
        sandboxes.push(sandbox);
        return sandbox;
      },
      prewarm: () => undefined,
      readStatus: () => Promise.reject(new Error('not asked here')),
      dispose: () => undefined,
    },
    traces,
    contexts: {
      ...emptyContexts,
      readContext: async (...given) => ({ ...(await emptyContexts.readContext(...given)), hash }),
    },
    model,
    clock,
    readLoops: () => null,
    engineId,
    version: '0.0.0',
  });
  return { registry, sandboxes, model, clock };
}

export const openFake = (registry: SessionRegistry, limits: Partial<Limits> = {}) =>
  registry.openSession(
    { context: { text: 'given', paths: [] }, language: 'python', title: 'T', limits },
    never,
  );
