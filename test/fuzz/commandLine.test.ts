// Any words on the command line: it ends with one of its exit codes, and with words when it failed.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exitCodes } from '../../src/cli/failure';
import { fuzz, toFuzzTitle } from '../support/fuzz';
import { useTempFolder } from '../support/tempFolder';
import { FakeCli } from '../unit/cli/fakeCli';

const cases = 2_000;

/** Not `tour` and `connect`: they start programs and write the user's own files. */
const commands = ['run', 'mcp', 'serve', 'sessions', 'trace', 'export', 'status', 'fork', 'resume'];
const flags = [
  '--at',
  '--code',
  '--force',
  '--format',
  '--from',
  '--json',
  '--language',
  '--limit',
  '--output',
  '--port',
  '--root',
  '--standalone',
  '--status',
  '--title',
  '--to',
  '--home',
  '--help',
  '--version',
  '--max-steps',
  '--no-such-flag',
  '--',
  '-',
  '-V',
  '--limit=',
  '--at=-1',
];
const values = ['json', 'html', 'python', 'javascript', 'active', '0', '1', '-1', '1e3', '65536'];

/** Nothing in it leads out of the current folder. */
const word = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...commands) },
    { weight: 4, arbitrary: fc.constantFrom(...flags) },
    { weight: 2, arbitrary: fc.constantFrom(...values) },
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ maxLength: 20 }),
  )
  .filter((text) => !/[/\\.~:]/u.test(text));

const line = fc.oneof(
  fc.array(word, { maxLength: 6 }),
  fc
    .tuple(fc.constantFrom(...commands), fc.array(word, { maxLength: 5 }))
    .map(([first, more]) => [first, ...more]),
);

describe('fuzzed command lines', function () {
  this.timeout(120_000);
  const folder = useTempFolder();

  it(
    toFuzzTitle('every line ends with an exit code, and a failure with words', cases),
    async () => {
      const seen = new Map<number, number>();
      await fuzz(cases, line, async (args) => {
        const cli = new FakeCli({ input: '', cwd: folder() });
        let hasEnded = false;
        const running = cli.run(...args).finally(() => (hasEnded = true));
        while (!hasEnded) {
          cli.interrupts.interrupt(); // servers wait for it
          await new Promise((resolve) => setImmediate(resolve));
        }
        const exitCode = await running;
        seen.set(exitCode, (seen.get(exitCode) ?? 0) + 1);
        assert.ok(Object.values(exitCodes).includes(exitCode), JSON.stringify(args));
        assert.doesNotMatch(
          cli.errors.text,
          /INTERNAL_ERROR|\bat .*:\d+:\d+/u,
          JSON.stringify(args),
        );
        if (exitCode === exitCodes.usage) {
          assert.ok(cli.errors.text.length > 0, JSON.stringify(args));
        }
        await cli.engine.close();
      });
      process.stdout.write(`      by exit code: ${JSON.stringify([...seen])}\n`);
      assert.ok((seen.get(exitCodes.ok) ?? 0) > 0 && (seen.get(exitCodes.usage) ?? 0) > 0);
    },
  );
});
