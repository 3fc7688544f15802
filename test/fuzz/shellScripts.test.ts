// Lines of a shell's script at random, of each kind: the shell of WebAssembly does the same as bash and its tools, or refuses.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { readSeed } from '../support/random';
import { Repl, createSandboxes } from '../support/repl';
import { isRefused, runOwn, runReal, toBatches, toShown } from '../support/shellBeside';
import { scriptKinds } from '../support/shellScripts';
import { useTempFolder } from '../support/tempFolder';

/** Of each kind. By RLM_FUZZ, which takes a seed of its own, so many times more. */
const lines = 20;
const factor = Number(process.env['RLM_FUZZ'] ?? 0);
const fixedSeed = 11;

describe('random scripts of the shell of WebAssembly', function () {
  this.timeout(120_000 * Math.max(1, factor));
  const folder = useTempFolder();
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes('wasm');
    repl = await Repl.open(sandboxes, { context: 'a text' });
  });
  after(() => {
    repl.sandbox.dispose();
    sandboxes.dispose();
  });

  const seed = factor > 0 ? readSeed() : fixedSeed;
  it(`do the same as in bash, or are refused with a word (seed ${seed})`, async () => {
    const numRuns = lines * Math.max(1, factor);
    const scripts = Object.values(scriptKinds).flatMap((kind) =>
      fc.sample(kind, { seed, numRuns }),
    );
    let number = 0;
    for (const batch of toBatches([...new Set(scripts)])) {
      number += 1;
      const real = runReal(batch, `${folder()}/${number}`);
      const own = await runOwn(batch, repl);
      const kept = batch.map((_, at) => at).filter((at) => own[at] && !isRefused(own[at]));
      const show = (all: typeof own) =>
        kept.map((at) => ({ line: batch[at], ...(all[at] && toShown(all[at])) }));
      assert.deepStrictEqual(show(own), show(real));
    }
  });
});
