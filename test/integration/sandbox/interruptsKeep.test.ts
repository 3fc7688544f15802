// An interrupt at any moment of any work costs the step and not the variables: at least 99 of 100 on every backend.
// RLM_INTERRUPTS=100 measures it; fewer are a part of every run of the tests.

import assert from 'node:assert/strict';
import type { BackendName, Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, nodeImage, testImage } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const interrupts = Number(process.env['RLM_INTERRUPTS'] ?? 32);

interface Interrupted {
  readonly language: Language;
  readonly image: string;
  readonly begin: (count: number) => string;
  /** Gives how many steps have begun, and which was the last. */
  readonly look: string;
  readonly form: (made: number, last: number) => string;
  /** What the code does when it is interrupted: none of it ends by itself. */
  readonly work: readonly string[];
  /** The same, where code has the event loop and programs of the system. */
  readonly nativeWork: readonly string[];
  readonly backends: readonly BackendName[];
}

const never = 'await new Promise(() => {})';
const rows: readonly Interrupted[] = [
  {
    language: 'python',
    image: testImage,
    begin: (count) => `kept.append(${count})`,
    look: 'len(kept), kept[-1]',
    form: (made, last) => `(${made}, ${last})`,
    work: [
      'while True: pass',
      'sum(n * n for n in iter(int, 1))',
      'while True: print("x" * 500)',
      'import time\ntime.sleep(600)',
      'while True:\n    try: int("no number")\n    except ValueError: pass',
      'import json\nwhile True: json.loads(json.dumps(list(range(500))))',
      'while True: sorted(range(2_000), key=lambda n: -n)',
      'def down(n):\n    return down(n - 1) if n else 0\nwhile True: down(200)',
    ],
    nativeWork: [],
    backends: ['wasm', 'local', 'container', 'daytona'],
  },
  {
    language: 'javascript',
    image: nodeImage,
    begin: (count) => `kept.push(${count})`,
    look: '[kept.length, kept.at(-1)]',
    form: (made, last) => `[ ${made}, ${last} ]`,
    work: [
      'for (;;);',
      'for (;;) Array.from({ length: 1_000 }, (_, n) => n * n)',
      'for (;;) print("x".repeat(500))',
      'sleep(1e9)',
      'for (;;) { try { null.x } catch {} }',
      'for (;;) JSON.parse(JSON.stringify(Array(500).fill(1)))',
      'for (;;) Array.from({ length: 2_000 }, (_, n) => n).sort((a, b) => b - a)',
      'var down = (n) => (n ? down(n - 1) : 0); for (;;) down(200)',
      'await (async () => { for (;;) await 0 })()',
    ],
    nativeWork: [
      'await new Promise((go) => setTimeout(go, 1)); for (;;);',
      `for (let n = 0; n < 5; n++) setTimeout(() => { for (;;); }, 1); ${never}`,
      'setTimeout(() => {}, 1); await new Promise((go) => setTimeout(go, 1)); for (;;);',
      `setInterval(() => { for (;;); }, 1); ${never}`,
      `setInterval(() => {}, 1); ${never}`,
      `for (let n = 0; n < 5; n++) setImmediate(() => { for (;;); }); ${never}`,
      'await new Promise((go) => setImmediate(go)); for (;;);',
      'await require("timers/promises").setTimeout(1); for (;;);',
      'process.nextTick(() => { for (;;); }); await 0',
      `queueMicrotask(() => { for (;;); }); ${never}`,
      `require("fs").readFile("/proc/self/status", () => { for (;;); }); ${never}`,
      'await require("fs").promises.readFile("/proc/self/status"); for (;;);',
      `require("fs").createReadStream("/proc/self/status").on("data", () => { for (;;); }); ${never}`,
      `require("child_process").exec("echo 1", () => { for (;;); }); ${never}`,
      'require("child_process").execFileSync("sleep", ["600"])',
      'await new Promise((go) => require("child_process").execFile("sleep", ["600"], go))',
      `require("zlib").gzip("text", () => { for (;;); }); ${never}`,
      'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    ],
    backends: ['wasm', 'local', 'container', 'daytona'],
  },
];

/** Lets what goes on between the two sides go on for a while, differently long each time. */
async function passTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const { language, image, begin, look, form, backends, ...kinds } of rows) {
  describePython(
    `interrupts of ${language}`,
    function (backend) {
      const work = [...kinds.work, ...(backend === 'wasm' ? [] : kinds.nativeWork)];
      const times = Math.max(interrupts, process.env['RLM_INTERRUPTS'] ? 0 : work.length);
      const maxLost = Math.ceil(times / 100); // a machine that is starved may cost one
      this.timeout(30_000 + times * 2_000);
      let sandboxes: SandboxProcess;
      before(() => (sandboxes = createSandboxes(backend, [], image)));
      after(() => sandboxes.dispose());

      it(`keep the variables: ${times} of them, of ${work.length} kinds of work`, async () => {
        const repl = await Repl.open(sandboxes, { language });
        await repl.run('kept = []');
        const lost: string[] = [];
        let made = 0;
        for (let count = 0; count < times; count += 1) {
          const cancel = new AbortController();
          const kind = work[count % work.length] ?? '';
          const outcome = await repl.run(`${begin(count)}\nllm_query("begun")\n${kind}`, {
            signal: cancel.signal,
            timeoutMs: 60_000,
            onHostCall: async () => {
              void passTurns((count * 37) % 200).then(() => cancel.abort());
              return 'go on';
            },
          });
          assert.equal(outcome.interruption, 'cancelled', `${kind}: ${outcome.error?.message}`);
          if (outcome.stateLost) {
            lost.push(kind);
            made = 0;
            await repl.run('kept = []');
          } else {
            made += 1;
            assert.equal(await repl.evaluate(look), form(made, count));
          }
        }
        assert.ok(lost.length <= maxLost, `${lost.length} of ${times} lost: ${lost.join('; ')}`);
        repl.sandbox.dispose();
      });
    },
    backends,
  );
}
