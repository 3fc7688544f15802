import assert from 'node:assert/strict';
import { createSandboxes, Repl } from '../../support/repl';
import { hasProcessTree, listChildren } from '../../support/processTree';

describe('the sandbox process', function () {
  this.timeout(60_000);

  it('is replaced as soon as a call has failed with it', async function () {
    if (!hasProcessTree) {
      this.skip(); // its pid is found below this process
    }
    const sandboxes = createSandboxes();
    try {
      const before = await listChildren(process.pid);
      const repl = await Repl.open(sandboxes, { language: 'javascript' });
      const [pid, ...more] = (await listChildren(process.pid)).filter(
        (one) => !before.includes(one),
      );
      assert.ok(pid !== undefined && more.length === 0);
      const step = repl.run('while (true) {}');
      process.kill(pid, 'SIGKILL');
      await assert.rejects(step, { code: 'SANDBOX_EXEC_ERROR' });
      const next = await Repl.open(sandboxes, { language: 'javascript' });
      assert.equal(await next.evaluate('6 * 7'), '42');
    } finally {
      sandboxes.dispose();
    }
  });
});
