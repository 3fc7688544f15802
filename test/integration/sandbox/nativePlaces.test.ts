// What only a Python of the system can do, and what it costs: programs, threads, processes, files that outlive
// the interpreter, and the end of a place.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { containerLabel } from '../../../src/sandbox/native/container/hardening';
import { findRuntime, removeContainers } from '../../../src/sandbox/native/container/runtimeCli';
import { machineTag, uniqueOwnerOfThisProcess } from '../../../src/sandbox/native/owner';
import { networkWalls } from '../../../src/sandbox/native/kubernetes/podManifest';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import {
  describePython,
  itIn,
  nativeBackends,
  placeBackends,
  testImage,
} from '../../support/backends';
import { listChildren, untilGone } from '../../support/processTree';
import { Repl, createSandboxes } from '../../support/repl';

describePython(
  'a native place',
  function (backend) {
    this.timeout(60_000);
    let sandboxes: SandboxProcess;
    let repl: Repl;
    /** Of other programs on this machine. */
    let strangers: readonly number[];
    before(async () => {
      strangers = await findGuests();
      sandboxes = createSandboxes(backend);
    });
    after(() => sandboxes.dispose());
    beforeEach(async () => {
      repl = await Repl.open(sandboxes, { context: 'a text' });
      await repl.run('kept = [1, 2]');
    });
    afterEach(() => repl.sandbox.dispose());

    const checkKept = async (): Promise<void> => {
      assert.deepStrictEqual(
        [await repl.evaluate('kept'), await repl.evaluate('context')],
        ['[1, 2]', "'a text'"],
      );
    };
    const checkLost = async (code: string, timeoutMs = 30_000): Promise<void> => {
      const outcome = await repl.run(code, { timeoutMs });
      assert.equal(outcome.stateLost, true, outcome.error?.message);
      assert.equal(await repl.evaluate('context'), "'a text'");
    };

    it('says what it is and what stands around it', () => {
      const { place } = repl.sandbox;
      assert.equal(place.backend, backend);
      assert.match(place.engine, /^CPython 3\.\d+\.\d+ on linux$/u);
      const network = backend === 'kubernetes' ? networkWalls.closed : 'network: none';
      assert.ok(place.walls.includes(network), place.walls.join('; '));
      assert.ok(place.walls.includes('system calls filtered'));
      assert.equal(place.imageDigest !== null, ['container', 'kubernetes'].includes(backend));
    });

    it('runs threads, programs and asyncio as the system has them', async () => {
      const code =
        'import asyncio, concurrent.futures, subprocess, sys\n' +
        'with concurrent.futures.ThreadPoolExecutor(4) as pool: squares = list(pool.map(lambda n: n * n, range(5)))\n' +
        'async def ask():\n' +
        '    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=-1)\n' +
        '    return (await child.communicate())[0]\n' +
        'squares, await ask(), await asyncio.to_thread(lambda: 5)';
      assert.equal(await repl.evaluate(code), "([0, 1, 4, 9, 16], b'42\\n', 5)");
      await checkKept();
    });

    it('answers calls from the main thread alone, and says how to ask many prompts at once', async () => {
      const code =
        'import concurrent.futures\nwith concurrent.futures.ThreadPoolExecutor(2) as pool:\n' +
        '    said = [str(one.exception()) for one in [pool.submit(llm_query, "a"), pool.submit(llm_query, "b")]]\n' +
        'said[0], llm_query("c")';
      const onHostCall = async (): Promise<string> => 'answer';
      const result = await repl.evaluate(code, { onHostCall });
      assert.match(result ?? '', /main thread.*llm_query_batched.*'answer'\)$/u);
      await checkKept();
    });

    it('lets a process that the code forked ask nothing', async () => {
      const code =
        'import os\nchild = os.fork()\nif child == 0:\n    try: llm_query("a")\n' +
        '    except RuntimeError: os._exit(3)\n    os._exit(4)\nos.waitstatus_to_exitcode(os.waitpid(child, 0)[1])';
      assert.equal(await repl.evaluate(code), '3');
      await checkKept();
    });

    it('interrupts what waits for a program, and the program', async () => {
      const { interruption, stateLost } = await repl.run(
        'import subprocess\nsubprocess.run(["sleep", "100"])',
        { timeoutMs: 300 },
      );
      assert.deepStrictEqual([interruption, stateLost], ['timeout', false]);
      const left = await repl.evaluate(
        'import os\n[name for name in os.listdir("/proc") if name.isdecimal() and b"sleep" in open(f"/proc/{name}/cmdline", "rb").read()]',
      );
      assert.equal(left, '[]');
      await checkKept();
    });

    it('keeps variables through interrupts at any time', async () => {
      const codes = [
        'while True: pass',
        'import time\ntime.sleep(9)',
        'llm_query("x")',
        'grep("t")',
      ];
      for (let round = 0; round < 40; round += 1) {
        const controller = new AbortController();
        const code = codes[round % codes.length] ?? '';
        const running = repl.run(`while True:\n    ${code.split('\n').join('\n    ')}`, {
          signal: controller.signal,
          onHostCall: async () => 'answer',
        });
        setTimeout(() => controller.abort(), (round * 7) % 60);
        const { stateLost } = await running;
        assert.equal(stateLost, false, `round ${round}: ${code}`);
        assert.equal(await repl.evaluate('kept'), '[1, 2]');
      }
    });

    it('loses the interpreter and keeps files when code does not let go', async () => {
      await repl.run('open("note.txt", "w").write("still here"); None');
      await checkLost(
        'import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\nwhile True: pass',
        300,
      );
      assert.equal(await repl.evaluate('open("note.txt").read()'), "'still here'");
    });

    const fatal: Readonly<Record<string, string>> = {
      'a crash in C code': 'import ctypes\nctypes.string_at(0)',
      'a kill of its own group': 'import os, signal\nos.killpg(0, signal.SIGKILL)',
      'an exit below Python': 'import os\nos._exit(5)',
      'frames of its own making':
        'import os\nfor fd in range(3, 40):\n    try: os.write(fd, b"9" * 16 + b"{" * 100)\n    except OSError: pass\nwhile True: pass',
    };
    for (const [name, code] of Object.entries(fatal)) {
      it(`goes on after ${name}`, () => checkLost(code, 3_000));
    }

    it('holds a fork bomb, and ends all of it', async () => {
      await repl.run('import os\nwhile True:\n    try: os.fork()\n    except OSError: pass', {
        timeoutMs: 700,
      });
      assert.equal(await repl.evaluate('len(context)'), '6');
      await checkLost('import os\nos._exit(1)');
      const count =
        'import os\nsum(1 for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid())';
      // Beside it a sandbox of Daytona has its daemon.
      const left = backend === 'daytona' ? '2' : '1';
      assert.equal(await repl.evaluate(count), left, 'the supervisor is left');
    });

    it('gives a MemoryError to one process, and ends many that take too much together', async () => {
      const { error } = await repl.run('x = bytearray(2 ** 30)');
      assert.equal(error?.type, 'MemoryError');
      assert.match(error.message, /max_memory_mb, 256 MB/u);
      await checkKept();
      const many =
        'import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n' +
        '        x = bytearray(os.urandom(1024)) * (200 * 1024)\n        time.sleep(60)\ntime.sleep(60)';
      const outcome = await repl.run(many, { timeoutMs: 30_000 });
      assert.match(outcome.error?.message ?? '', /took more than max_memory_mb/u);
      assert.equal(await repl.evaluate('len(context)'), '6');
    });

    itIn(nativeBackends, backend)('bounds the bytes and the names of files', async () => {
      const { error } = await repl.run(
        'f = open("big", "wb", 0)\nwhile True: f.write(bytes(10 ** 7))',
      );
      assert.match(error?.message ?? '', /512 MB/u);
      await repl.run('f.close(); __import__("os").remove("big")');
      const names = await repl.run('for n in range(10 ** 7): open(str(n), "w").close()', {
        timeoutMs: 40_000,
      });
      assert.match(names.error?.message ?? '', /too many files/u);
      assert.equal(await repl.evaluate('open("new", "w").write("ok")'), '2');
    });

    itIn(nativeBackends, backend)(
      'bounds both also after folders deeper than it can walk',
      async () => {
        const deep =
          'import os\nos.chdir("/tmp")\nfor _ in range(3_000): os.mkdir("d"); os.chdir("d")\nos.chdir("/work")\n' +
          'os.makedirs("closed/in"); os.chmod("closed/in", 0); os.chmod("closed", 0o500)\n' +
          'for n in range(10 ** 7): open(str(n), "w").close()';
        const names = await repl.run(deep, { timeoutMs: 40_000 });
        assert.match(names.error?.message ?? '', /too many files/u);
        const many =
          'import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n' +
          '        x = bytearray(os.urandom(1024)) * (200 * 1024)\n        time.sleep(60)\ntime.sleep(60)';
        const outcome = await repl.run(many, { timeoutMs: 10_000 });
        assert.match(outcome.error?.message ?? '', /took more than max_memory_mb/u);
        await repl.run('import os');
        assert.equal(await repl.evaluate('os.listdir("/tmp") + os.listdir("/work")'), '[]');
      },
    );

    itIn(nativeBackends, backend)(
      'is gone with its session, and with the process that holds it',
      async () => {
        const [holder] = (await listChildren(process.pid)).slice(-1);
        assert.ok(holder !== undefined);
        const places = (): Promise<readonly number[]> => listChildren(holder);
        const before = await places();
        const other = await Repl.open(sandboxes);
        const own = (await places()).filter((pid) => !before.includes(pid));
        other.sandbox.dispose();
        assert.ok(own.length > 0);
        await Promise.any(own.map(untilGone)); // another may wait in reserve
        const all = await places();
        const guests = (await findGuests()).filter((pid) => !strangers.includes(pid));
        process.kill(holder, 'SIGKILL');
        await Promise.all([...all, ...guests].map(untilGone));
        await assert.rejects(repl.run('1'), { code: 'SANDBOX_EXEC_ERROR' });
      },
    );
  },
  placeBackends,
);

/** Interpreters and supervisors of places, as this system sees them. */
async function findGuests(): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it may have ended
      return command.includes('supervisor.py') ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

describePython(
  'containers that an engine left',
  function () {
    this.timeout(60_000);

    it('are removed by the next one on this machine, and those of others are not', async () => {
      const run = promisify(execFile);
      const gone = spawnSync(process.execPath, ['-e', '']).pid;
      const start = (owner: string): string[] => [
        'run',
        '--detach',
        '--rm',
        ...['--pull', 'never', '--network', 'none', '--ulimit', 'nproc=4096:4096'],
        ...['--ulimit', 'nofile=1024:1024', '--label', `${containerLabel}=${owner}`],
        ...[testImage, 'sleep', '300'],
      ];
      const owners = [
        `${machineTag}/1/${hostname()}:${gone}`,
        `${machineTag}/1/${hostname()}:${process.pid}`, // its number is another's now
        uniqueOwnerOfThisProcess,
        `${machineTag}/1/elsewhere:${gone}`,
        `another-namespace/1/${hostname()}:${gone}`,
        `${hostname()}:${gone}`,
      ];
      const started: string[] = [];
      try {
        for (const owner of owners) {
          started.push((await run('podman', start(owner))).stdout.trim());
        }
        await (await findRuntime('podman')).removeOrphans();
        const { stdout } = await run('podman', ['ps', '--no-trunc', '--format', '{{.ID}}']);
        assert.deepStrictEqual(
          started.map((id) => stdout.includes(id)),
          [false, false, true, true, true, true],
        );
      } finally {
        await removeContainers(
          { file: 'podman', env: process.env as Record<string, string> },
          started,
        );
      }
    });
  },
  ['container'],
);
