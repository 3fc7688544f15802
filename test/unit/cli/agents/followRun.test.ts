// Following a run to its end, also where no change of its trace is announced.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import { toDisposable } from '../../../../src/base/disposable';
import { followRun } from '../../../../src/cli/agents/followRun';
import type { TraceStore } from '../../../../src/core/traceStore';
import { createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

describe('following a run', () => {
  for (const isAnnounced of [true, false]) {
    it(`ends with it, where its end is ${isAnnounced ? '' : 'not '}announced`, async () => {
      const fakes = new FakeAgents();
      const run = await fakes.runs.spawn(createSpawn(), { kind: 'person' });
      await settle();
      let watches = 0;
      const traces = new Proxy<TraceStore>(fakes.traces, {
        get: (store, name) => {
          const value: unknown = Reflect.get(store, name, store);
          if (name !== 'onDidChange') {
            return typeof value === 'function' ? (value.bind(store) as unknown) : value;
          }
          return (listener: (sessionId: string) => void) => {
            watches += 1;
            const listening = isAnnounced
              ? store.onDidChange(listener)
              : toDisposable(() => undefined);
            return toDisposable(() => {
              watches -= 1;
              listening.dispose();
            });
          };
        },
      });
      let isEnding = false;
      const follower = {
        onEvent: () => undefined,
        onUnreadable: () => undefined,
        onApprovals: () => {
          assert.equal(watches, 2, 'one of the whole beside the one of a page');
          if (!isEnding) {
            isEnding = true;
            void run.end('terminated', 'Stopped.'); // behind the page that was read
          }
        },
      };
      const ended = await followRun(traces, run.id, follower, neverAborted);
      assert.equal(ended.status, 'terminated');
      assert.equal(watches, 0);
      await fakes.runs.close();
    });
  }
});
