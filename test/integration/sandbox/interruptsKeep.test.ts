// An interrupt at any moment of any work costs the step and not the variables: at least 99 of 100 on every backend.
// RLM_INTERRUPTS=100 measures it; fewer are a part of every run of the tests.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const interrupts = Number(process.env['RLM_INTERRUPTS'] ?? 32);
const maxLost = Math.floor(interrupts / 100);

/** What the code does when it is interrupted: none of it ends by itself. */
const work: readonly string[] = [
  'while True: pass',
  'sum(n * n for n in iter(int, 1))',
  'while True: print("x" * 500)',
  'import time\ntime.sleep(600)',
  'while True:\n    try: int("no number")\n    except ValueError: pass',
  'import json\nwhile True: json.loads(json.dumps(list(range(500))))',
  'while True: sorted(range(2_000), key=lambda n: -n)',
  'def down(n):\n    return down(n - 1) if n else 0\nwhile True: down(200)',
];

/** Lets what goes on between the two sides go on for a while, differently long each time. */
async function passTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describePython(
  'interrupts',
  function (backend) {
    this.timeout(30_000 + interrupts * 2_000);
    let sandboxes: SandboxProcess;
    before(() => (sandboxes = createSandboxes(backend)));
    after(() => sandboxes.dispose());

    it(`keep the variables: ${interrupts} of them, of ${work.length} kinds of work`, async () => {
      const repl = await Repl.open(sandboxes);
      await repl.run('kept = []');
      let lost = 0;
      let made = 0;
      for (let count = 0; count < interrupts; count += 1) {
        const cancel = new AbortController();
        const code = `kept.append(${count})\nllm_query("begun")\n${work[count % work.length]}`;
        const outcome = await repl.run(code, {
          signal: cancel.signal,
          timeoutMs: 60_000,
          onHostCall: async () => {
            void passTurns((count * 37) % 200).then(() => cancel.abort());
            return 'go on';
          },
        });
        assert.equal(outcome.interruption, 'cancelled', `${count}: ${outcome.error?.message}`);
        if (outcome.stateLost) {
          lost += 1;
          made = 0;
          await repl.run('kept = []');
        } else {
          made += 1;
          assert.equal(await repl.evaluate('len(kept), kept[-1]'), `(${made}, ${count})`);
        }
      }
      assert.ok(lost <= maxLost, `${lost} of ${interrupts} lost the variables`);
      repl.sandbox.dispose();
    });
  },
  ['wasm', 'local', 'container', 'daytona'],
);
