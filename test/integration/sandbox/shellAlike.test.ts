// The shell of WebAssembly beside bash and GNU's tools: the same to the byte, or refused with a word.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';
import { isRefused, runOwn, runReal, toBatches, toShown } from '../../support/shellBeside';
import { useTempFolder } from '../../support/tempFolder';

const table = readFileSync('test/support/shellLines.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replaceAll('␤', '\n'));
const isForRefusal = (line: string): boolean => line.startsWith('! ');
const alike = table.filter((line) => !isForRefusal(line));
const refused = table.filter(isForRefusal).map((line) => line.slice(2));

describe('the shell of WebAssembly beside bash', function () {
  this.timeout(120_000);
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

  toBatches(alike).forEach((lines, index) => {
    it(`does the same to the byte: part ${index + 1} of the table`, async () => {
      const [own, real] = [await runOwn(lines, repl), runReal(lines, folder())];
      const show = (all: typeof own) =>
        all.map((ran, number) => ({ line: lines[number], ...toShown(ran) }));
      assert.deepStrictEqual(show(own), show(real), own.map(({ stderr }) => stderr).join(''));
    });
  });

  it('refuses with a word what it would do otherwise than bash and its tools', async () => {
    const silent: string[] = [];
    for (const lines of toBatches(refused)) {
      const own = await runOwn(lines, repl);
      silent.push(...lines.filter((_, number) => !(own[number] && isRefused(own[number]))));
    }
    assert.deepStrictEqual(silent, []);
  });
});
