import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Emitter } from '../../../src/base/emitter';
import { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { createSandboxes, Repl } from '../../support/repl';
import { hasProcessTree, listChildren } from '../../support/processTree';
import { useTempFolder } from '../../support/tempFolder';

describe('the sandbox process', function () {
  this.timeout(60_000);
  const folder = useTempFolder();

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

  it('that ends by itself leaves in the log what it wrote last', async () => {
    const words = 'x'.repeat(9_000) + '\n# Check failed: \u001b[31mcode page.\n';
    const program = `process.stderr.write(${JSON.stringify(words)}, () => process.abort());`;
    await writeFile(
      path.join(folder(), 'process.js'),
      `process.send('ready'); process.on('message', () => { ${program} });`,
    );
    const logged = new Emitter<string>();
    const sandboxes = new SandboxProcess({ folder: folder(), log: (line) => logged.fire(line) });
    const line = new Promise<string>((resolve) => {
      logged.event((one) => {
        if (one.includes('wrote')) {
          resolve(one);
        }
      });
    });
    await assert.rejects(sandboxes.readStatus());
    const told = await line;
    sandboxes.dispose();
    assert.match(told, /^The sandbox process wrote: x{1000}/u);
    assert.match(told, /# Check failed: \\u001b\[31mcode page\./u);
    assert.ok(told.length < 9_000);
  });
});

describePython(
  'a process of places',
  () => {
    it('that was only asked for its status ends alone, later than its successor starts', async () => {
      const before = await listChildren(process.pid);
      const own = async (): Promise<readonly number[]> =>
        (await listChildren(process.pid)).filter((pid) => !before.includes(pid));
      const sandboxes = createSandboxes('local');
      try {
        await sandboxes.readStatus();
        const [asked] = await own();
        const first = await Repl.open(sandboxes);
        while (asked !== undefined && (await own()).includes(asked)) {
          await setImmediate();
        }
        const second = await Repl.open(sandboxes);
        assert.equal((await own()).length, 1, 'both sessions have one process');
        assert.deepStrictEqual([await first.evaluate('1'), await second.evaluate('2')], ['1', '2']);
      } finally {
        sandboxes.dispose();
      }
    });
  },
  ['local'],
);
