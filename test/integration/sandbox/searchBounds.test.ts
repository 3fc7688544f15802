// What a search takes is bounded, by time and by memory, and no other session waits for it.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

const words = Array.from({ length: 20_000 }, (_, number) => `word${number % 7_000}\n`).join('');

/** Each is refused, or interrupted by the step's time-out. */
const searches: Readonly<Record<Language, readonly string[]>> = {
  python: [
    'search(" ".join(f"word{n}" for n in range(1_500)))',
    'search(" ".join(f"w{n}" for n in range(10_000)))',
    'grep("(?:word[0-9]*\\\\s*)+!")',
    'count("(a+)+c", text="a" * 300_000)',
  ],
  javascript: [
    "search(Array.from({ length: 1_500 }, (_, n) => `word${n}`).join(' '))",
    "grep(new RegExp('[\\\\p{L}--\\\\p{Lu}]'.repeat(1_300), 'v'))",
    "grep('\\\\p{L}'.repeat(3_000))",
    "grep('a'.repeat(30_000))",
    'grep(/(?:word[0-9]*\\s*)+!/)',
    "count(/(a+)+c/, { text: 'a'.repeat(300_000) })",
    "search('x', { text: 'x '.repeat(12_000_000) })",
  ],
};

describe('searches that take too much', function () {
  this.timeout(90_000);
  let sandboxes: SandboxProcess;

  before(() => {
    sandboxes = createSandboxes();
  });
  after(() => sandboxes.dispose());

  for (const language of ['python', 'javascript'] as const) {
    for (const code of searches[language]) {
      it(`end, keep their state, and hold up nobody: ${code}`, async () => {
        const open = { language, maxMemoryMb: 64, context: words };
        const [hostile, other] = await Promise.all([
          Repl.open(sandboxes, open),
          Repl.open(sandboxes, { language }),
        ]);
        try {
          await hostile.evaluate(language === 'python' ? 'kept = 1' : 'let kept = 1');
          let isOver = false;
          const running = hostile.run(code, { timeoutMs: 1_000 }).finally(() => {
            isOver = true;
          });
          assert.equal(await other.evaluate('1 + 1'), '2');
          do {
            assert.equal(await other.evaluate('2 + 2'), '4');
          } while (!isOver);
          const { error, interruption, stateLost } = await running;
          assert.ok(error !== null || interruption === 'timeout');
          assert.equal(stateLost, false);
          assert.equal(await hostile.evaluate('kept'), '1');
          assert.equal(await hostile.evaluate('count("word1\\n")'), '3');
        } finally {
          hostile.sandbox.dispose();
          other.sandbox.dispose();
        }
      });
    }
  }
});
