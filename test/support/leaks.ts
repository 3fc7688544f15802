// Required by every mocha run: shows that a run left nothing open. Workers, child processes, sockets
// and timers that hold the process would keep it from ending, so they are named here.

import assert from 'node:assert/strict';

const allowed = new Set(['TTYWrap', 'PipeWrap', 'FSReqCallback', 'CloseReq', 'Immediate']);

export const mochaHooks = {
  async afterAll(): Promise<void> {
    const deadline = Date.now() + 5_000;
    let left = openResources();
    while (left.length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
      left = openResources();
    }
    assert.deepStrictEqual(left, [], 'the tests left resources open');
  },
};

/** mocha's own timer for this hook is one Timeout. */
function openResources(): readonly string[] {
  const found = process.getActiveResourcesInfo().filter((name) => !allowed.has(name));
  const timer = found.indexOf('Timeout');
  return timer < 0 ? found : found.filter((_, index) => index !== timer);
}
