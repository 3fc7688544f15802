// The Python sandbox through its real process and worker: what steps keep, report and may use.

import assert from 'node:assert/strict';
import { backendNames } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, itIn } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

describePython(
  'python sandbox',
  (backend) => {
    const itInWasm = itIn(['wasm'], backend);
    let sandboxes: SandboxProcess;
    let repl: Repl;

    before(() => {
      sandboxes = createSandboxes(backend);
    });
    after(() => sandboxes.dispose());
    beforeEach(async () => {
      repl = await Repl.open(sandboxes, { context: 'first line\nsecond needle42 line\n' });
    });
    afterEach(() => repl.sandbox.dispose());

    const probe = async (): Promise<void> => {
      assert.equal(await repl.evaluate('1 + 1'), '2');
    };

    describe('state', () => {
      it('keeps variables, functions, classes and imports across steps', async () => {
        await repl.run(
          'import re\nx = 2\ndef double(a):\n    return a * x\nclass Box:\n    size = 3',
        );
        assert.equal(
          await repl.evaluate('double(Box.size), re.findall("d+", "add")'),
          "(6, ['dd'])",
        );
      });

      it('reports added, changed and removed variables, mutations in place among them', async () => {
        await repl.run('rows = [1]\nother = 5\ngone = 1\ndef push(): rows.append(2)');
        const outcome = await repl.run('push()\ndel gone\nfresh = {"a": 1}');
        assert.deepStrictEqual(
          outcome.changes.map(({ change, name, type, size, preview }) => [
            change,
            name,
            type,
            size,
            preview,
          ]),
          [
            ['added', 'fresh', 'dict', 1, "{'a': 1}"],
            ['removed', 'gone', '', null, ''],
            ['changed', 'rows', 'list', 2, '[1, 2]'],
          ],
        );
        assert.deepStrictEqual(outcome.variables, ['context', 'fresh', 'other', 'push', 'rows']);
      });

      it('reports a change made through another name of the same object', async () => {
        await repl.run('a = [1]\nb = a');
        const outcome = await repl.run('a.append(2)');
        assert.deepStrictEqual(
          outcome.changes.map((change) => change.name),
          ['a', 'b'],
        );
      });

      it('gives a trailing expression as result and nothing for None', async () => {
        assert.equal(await repl.evaluate('"a" * 3'), "'aaa'");
        assert.equal(await repl.evaluate('None'), null);
        assert.equal(await repl.evaluate('y = 1'), null);
      });

      it('has its functions and builtins back at the next step when code took them away', async () => {
        await repl.run(
          'import ast, builtins, sys\ndel grep, FINAL\nbuiltins.len = None\ndel builtins.repr\n' +
            'ast.copy_location = ast.Name = None\n' +
            '__builtins__ = None\nsys.stdout = None',
        );
        const outcome = await repl.run('print(len(repr(grep)) > 0)');
        assert.equal(outcome.stdout, 'True\n');
      });
    });

    describe('errors', () => {
      it('points at the line of the step, without the runner’s frames', async () => {
        await repl.run('def fail(a):\n    return a / 0');
        const { error } = await repl.run('ok = 1\nfail(1)');
        assert.equal(error?.type, 'ZeroDivisionError');
        assert.equal(error?.line, 2);
        assert.match(error?.traceback ?? '', /<step 1>", line 2, in fail\n {4}return a \/ 0/u);
        assert.doesNotMatch(error?.traceback ?? '', /\/rlm\/|frozen/u);
      });

      it('names the line of a syntax error', async () => {
        const { error } = await repl.run('x = 1\nif x\n  y');
        assert.deepStrictEqual([error?.type, error?.line], ['SyntaxError', 2]);
      });

      it('survives errors that cannot be described', async () => {
        const { error } = await repl.run(
          'class Bad(Exception):\n    def __str__(self): raise ValueError("no")\nraise Bad()',
        );
        assert.equal(error?.type, 'Bad');
        await probe();
      });

      it('reports an exit as an error and goes on', async () => {
        const { error } = await repl.run('kept = 7\nimport sys\nsys.exit(3)');
        assert.deepStrictEqual([error?.type, error?.message], ['SystemExit', '3']);
        assert.equal(await repl.evaluate('kept'), '7');
      });
    });

    describe('text', () => {
      it('crosses with NUL, lone surrogates and all planes unharmed', async () => {
        const { stdout, result } = await repl.run('print("a\\x00b\\ud800c\\U0001F600")\n"\\x00"');
        assert.equal(stdout, 'a\0b\ud800c\u{1F600}\n');
        assert.equal(result, "'\\x00'");
      });

      it('is cut at the cap and says how much was dropped', async () => {
        const outcome = await repl.run('print("y" * 5_000_000)', { maxOutputChars: 1_000 });
        assert.deepStrictEqual(
          [outcome.stdout.length, outcome.dropped],
          [1_000, { stdout: 4_999_001, stderr: 0, result: 0 }],
        );
      });

      it('keeps stdout and stderr apart', async () => {
        const outcome = await repl.run('import sys\nprint(1)\nprint(2, file=sys.stderr)');
        assert.deepStrictEqual([outcome.stdout, outcome.stderr], ['1\n', '2\n']);
      });
    });

    describe('standard library', () => {
      itInWasm(
        'imports all modules but those that need threads, a display or a foreign library',
        async () => {
          const outcome = await repl.run(
            'import sys, importlib, warnings\nwarnings.simplefilter("ignore")\nfailed = []\n' +
              'skip = {"antigravity", "this", "idlelib", "__main__"}\n' +
              'for name in sorted(sys.stdlib_module_names - skip):\n' +
              '    if name.startswith("_"): continue\n' +
              '    try: importlib.import_module(name)\n' +
              '    except ImportError: failed.append(name)\n' +
              'print(" ".join(failed))',
            { timeoutMs: 60_000 },
          );
          const needsForeignLibrary = ['ctypes', 'lzma', 'readline', 'sqlite3', 'ssl'];
          const needsDisplay = ['curses', 'tkinter', 'turtle', 'turtledemo'];
          const needsSystem = ['ensurepip', 'fcntl', 'grp', 'pwd', 'resource', 'syslog', 'venv'];
          const needsWindows = ['msvcrt', 'nt', 'winreg', 'winsound'];
          assert.deepStrictEqual(
            outcome.stdout.trim().split(' '),
            [...needsForeignLibrary, ...needsDisplay, ...needsSystem, ...needsWindows].sort(),
          );
        },
      );

      it('has help()', async () => {
        const outcome = await repl.run('help(len)');
        assert.match(outcome.stdout, /number of items in a container/u);
      });

      it('runs coroutines by asyncio.run and by a top-level await', async () => {
        await repl.run(
          'import asyncio\nasync def twice(n):\n    await asyncio.sleep(0.01)\n    return n * 2',
        );
        assert.equal(await repl.evaluate('asyncio.run(twice(2))'), '4');
        assert.equal(await repl.evaluate('await asyncio.gather(twice(1), twice(3))'), '[2, 6]');
      });

      itInWasm('says that coroutines which wait for each other are a deadlock', async () => {
        const { error } = await repl.run(
          'import asyncio\nasync def wait(): await asyncio.Future()\nawait wait()',
        );
        assert.match(error?.message ?? '', /deadlock/u);
        await probe();
      });
    });

    describe('time zones', () => {
      itInWasm('has UTC, and says what to do for others', async () => {
        const code = 'from zoneinfo import ZoneInfo\nfrom datetime import datetime\n';
        const utc = await repl.evaluate(
          `${code}datetime(2020, 1, 2, tzinfo=ZoneInfo("UTC")).isoformat()`,
        );
        assert.equal(utc, "'2020-01-02T00:00:00+00:00'");
        const other = await repl.run(`${code}ZoneInfo("Europe/Berlin")`);
        assert.match(other.error?.message ?? '', /datetime\.timezone/u);
      });
    });

    describe('interruption', () => {
      const cases: Readonly<Record<string, string>> = {
        'an endless loop': 'while True: pass',
        'a sleep': 'import time\ntime.sleep(60)',
        'a pattern that backtracks': 'import re\nre.match(r"(a+)+$", "a" * 40 + "b")',
        'a number without end': '10 ** (10 ** 8)',
        'a print flood': 'while True: print("x" * 1000)',
        'a waiting coroutine': 'import asyncio\nasync def w(): await asyncio.sleep(60)\nawait w()',
        'an error that never describes itself':
          'class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()',
      };
      for (const [name, code] of Object.entries(cases)) {
        it(`stops ${name} at the time-out and keeps state`, async () => {
          await repl.run('kept = [1, 2]');
          const outcome = await repl.run(code, { timeoutMs: 300 });
          assert.deepStrictEqual(
            [outcome.error?.type, outcome.interruption, outcome.stateLost],
            ['TimeoutError', 'timeout', false],
          );
          assert.equal(await repl.evaluate('kept'), '[1, 2]');
        });
      }

      it('stops on request and keeps state', async () => {
        await repl.run('kept = 1');
        const controller = new AbortController();
        const running = repl.run('print("on", flush=True)\nllm_query("wait")', {
          signal: controller.signal,
          onHostCall: (_call, signal) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => reject(new Error('aborted')));
              controller.abort();
            }),
        });
        const outcome = await running;
        assert.deepStrictEqual([outcome.error?.type, outcome.stateLost], ['CancelledError', false]);
        assert.equal(await repl.evaluate('kept'), '1');
      });

      it('kills what does not let go, says that variables are lost, and keeps the context', async () => {
        await repl.run('gone = 1');
        const outcome = await repl.run(
          backend === 'wasm'
            ? 'while True:\n    try:\n        while True: pass\n    except BaseException: pass'
            : 'import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\nwhile True: pass',
          { timeoutMs: 200 },
        );
        assert.deepStrictEqual([outcome.error?.type, outcome.stateLost], ['TimeoutError', true]);
        const after = await repl.run('len(context)');
        assert.deepStrictEqual([after.result, after.variables], ['32', ['context']]);
      });

      itInWasm('ends an engine that finds itself spoiled, and keeps the context', async () => {
        const spoiled = await Repl.open(sandboxes, { context: 'abc' });
        const outcome = await spoiled.run(
          'import sys\nframe = sys._getframe()\nwhile frame.f_code.co_name != "main": frame = frame.f_back\n' +
            'frame.f_locals["guard"].kept_cells.clear()\nframe.f_locals["is_sound"] = lambda: False\nraise MemoryError',
        );
        assert.deepStrictEqual([outcome.stateLost, outcome.error?.type], [true, 'SandboxCrash']);
        assert.equal(await spoiled.evaluate('context'), "'abc'");
      });

      it('loses the session’s variables and nothing else when code kills its engine', async () => {
        const other = await Repl.open(sandboxes);
        await other.run('safe = 1');
        const outcome = await repl.run('import os\nos.abort()');
        assert.deepStrictEqual([outcome.error?.type, outcome.stateLost], ['SandboxCrash', true]);
        await probe();
        assert.equal(await other.evaluate('safe'), '1');
        other.sandbox.dispose();
      });
    });

    describe('caps', () => {
      const ofWasm: Readonly<Record<string, readonly [string, string]>> = {
        'the number of files': [
          'for i in range(20_000): open(f"/tmp/{i}", "w").close()',
          'OSError',
        ],
        'pipe bytes': [
          'import os\nr, w = os.pipe()\nfor _ in range(1000): os.write(w, b"x" * 10**6)',
          'OSError',
        ],
      };
      const quotas: Readonly<Record<string, readonly [string, string]>> = {
        ...(backend === 'wasm' ? ofWasm : {}),
        'memory by one value': ['x = "a" * 10**9', 'MemoryError'],
        'memory by many values': ['x = []\nwhile True: x.append([0] * 10**6)', 'MemoryError'],
        'file bytes': [
          'f = open("/tmp/big", "wb")\nfor _ in range(1000): f.write(b"x" * 10**6)',
          'OSError',
        ],
        'file length': ['f = open("/tmp/long", "wb")\nf.truncate(10**9)', 'OSError'],
        recursion: ['def f(): f()\nf()', 'RecursionError'],
      };
      for (const [name, [code, type]] of Object.entries(quotas)) {
        it(`caps ${name} with a clear error and keeps state`, async () => {
          await repl.run('kept = 5');
          const outcome = await repl.run(code);
          assert.deepStrictEqual([outcome.error?.type, outcome.stateLost], [type, false]);
          await repl.run('x = f = r = w = None');
          assert.equal(await repl.evaluate('kept'), '5');
        });
      }

      it('says of full memory and full files what to do', async () => {
        const full = await repl.run('x = [0] * 10 ** 9');
        assert.match(
          full.error?.message ?? '',
          /max_memory_mb, 256 MB beside the contexts: del what/u,
        );
        const files = await repl.run('f = open("/tmp/a", "wb")\nwhile True: f.write(b"x" * 10**7)');
        assert.match(
          files.error?.message ?? '',
          backend === 'wasm'
            ? /at most 128 MB and 10,000 names: remove what/u
            : /at most 512 MB and 100,000 names: remove what/u,
        );
      });

      it('gives back the bytes of a removed file', async () => {
        const outcome = await repl.run(
          'import os\nfor _ in range(10):\n    with open("/tmp/t", "wb") as f: f.write(b"x" * 50 * 10**6)\n    os.remove("/tmp/t")',
        );
        assert.equal(outcome.error, null);
      });

      it('counts the bytes of a removed file that is still open', async () => {
        const outcome = await repl.run(
          'import os\nheld = []\nfor i in range(40):\n    f = open("/tmp/t", "wb")\n    f.write(b"x" * 20 * 10**6)\n    f.flush()\n    held.append(f)\n    os.remove("/tmp/t")',
        );
        assert.equal(outcome.error?.type, 'OSError');
      });
    });

    describe('host calls', () => {
      it('answer in order, one by one and batched', async () => {
        const asked: unknown[] = [];
        const onHostCall = async (call: { name: string; args: readonly unknown[] }) => {
          asked.push(call);
          const [first] = call.args;
          return Array.isArray(first)
            ? { answers: first.map((one) => `<${String(one)}>`), failures: [] }
            : `<${String(first)}>`;
        };
        const code = '[llm_query("a"), *llm_query_batched(["b", "c"])]';
        assert.equal(await repl.evaluate(code, { onHostCall }), "['<a>', '<b>', '<c>']");
        assert.deepStrictEqual(asked, [
          { name: 'llm_query', args: ['a', null] },
          { name: 'llm_query_batched', args: [['b', 'c'], null] },
        ]);
      });

      it('of a batch that failed in part give None, and tell why on stderr', async () => {
        const failures = [{ index: 1, code: 'MODEL_UNAVAILABLE', message: 'no' }];
        const onHostCall = async () => ({ answers: ['a', null], failures });
        const code = 'answers = rlm_query_batched(["x", "y"], ["1", "2"])\nanswers';
        const outcome = await repl.run(code, { onHostCall });
        assert.deepStrictEqual(
          [outcome.result, outcome.stderr],
          [
            "['a', None]",
            'rlm_query_batched: prompt 1 has no answer (None): MODEL_UNAVAILABLE: no\n',
          ],
        );
      });

      it('raise what the host refused, with its code', async () => {
        const outcome = await repl.run(
          'try: llm_query("a")\nexcept RuntimeError as error: print(error.code)',
        );
        assert.equal(outcome.stdout, 'INTERNAL_ERROR\n');
      });

      it('record the final answer by FINAL, FINAL_VAR and SUBMIT; the last one counts', async () => {
        const final = async (code: string) => (await repl.run(code)).finalAnswer;
        assert.equal(await final('FINAL("one")\nx = 1'), 'one');
        assert.equal(await final('v = {"a": [1]}\nFINAL_VAR("v")'), '{"a": [1]}');
        assert.equal(await final('SUBMIT("first")\nSUBMIT(answer="second")'), 'second');
        assert.equal(await final('x = 2'), null);
        const { error } = await repl.run('FINAL_VAR("nope")');
        assert.match(
          error?.message ?? '',
          /no variable is called 'nope'; there are: context, v, x/u,
        );
      });
    });

    describe('reading variables', () => {
      it('slices text, gives JSON where it is JSON, and the repr of the rest', async () => {
        await repl.run('data = {"a": [1, None, True]}\npair = (1, 2)\nnan = float("nan")');
        assert.deepStrictEqual(await repl.read('context', 6, 4), {
          type: 'str',
          form: 'text',
          text: 'line',
          totalChars: 32,
          incomplete: null,
        });
        assert.equal((await repl.read('data'))?.text, '{"a": [1, null, true]}');
        assert.deepStrictEqual(
          [(await repl.read('pair'))?.form, (await repl.read('nan'))?.form],
          ['repr', 'repr'],
        );
        assert.equal(await repl.read('nothing'), undefined);
      });

      it('gives what a value is now, page by page', async () => {
        await repl.run('other = (1, 2)');
        const pages = [await repl.read('other', 0, 4), await repl.read('other', 4, 4)];
        assert.deepStrictEqual(
          pages.map((page) => page?.text),
          ['(1, ', '2)'],
        );
        await repl.run('other = [1]');
        await repl.read('other');
        await repl.run('other.append(2)');
        assert.equal((await repl.read('other'))?.text, '[1, 2]');
      });
    });
  },
  backendNames,
);
