// The largest messages that code can send, each measured by the CPU time that the threads which all sessions
// share spend on it without serving others: this process stands for the engine. Bounds on what is sent keep it
// short; without them it was seconds.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { watchBlocks, type BlockMonitor } from '../../support/blockMonitor';
import { Repl, createSandboxes } from '../../support/repl';

/** The bound is 50 ms; the rest is for caches that other work on the machine has emptied. */
const maxBlockMs = 80;

interface Row {
  readonly language: Language;
  readonly what: string;
  readonly code: string;
}

const rows: readonly Row[] = [
  { language: 'python', what: 'a prompt', code: 'llm_query("x" * 9_900_000)' },
  { language: 'javascript', what: 'a prompt', code: 'llm_query("x".repeat(9_900_000))' },
  { language: 'python', what: 'a prompt of quotes', code: `llm_query('"' * 4_900_000)` },
  { language: 'javascript', what: 'a prompt of quotes', code: `llm_query('"'.repeat(4_900_000))` },
  { language: 'python', what: 'a context of many texts', code: 'rlm_query("x", ["a"] * 190_000)' },
  {
    language: 'javascript',
    what: 'a context of many texts',
    code: 'rlm_query("x", Array(190_000).fill("a"))',
  },
  {
    language: 'python',
    what: 'a mapping of many texts',
    code: 'rlm_query("x", {str(n): "a" for n in range(90_000)})',
  },
  { language: 'python', what: 'output', code: 'print("x\\n" * 5_000_000)' },
  { language: 'javascript', what: 'output', code: 'print("x\\n".repeat(5_000_000))' },
  {
    language: 'python',
    what: 'many variables',
    code: 'globals().update({f"v{n}": "x" * 100 for n in range(50_000)})',
  },
  { language: 'python', what: 'an answer', code: 'FINAL("x" * 499_000)' },
  { language: 'python', what: 'an error', code: 'raise ValueError("x" * 5_000_000)' },
  {
    language: 'python',
    what: 'a search of many hits',
    code: 'len(grep("x", "x" * 1_000_000, max_matches=None))',
  },
  {
    language: 'javascript',
    what: 'a search of many hits',
    code: 'grep("x", { text: "x".repeat(1_000_000), maxMatches: null }).length',
  },
];

describe('threads that all sessions share', function () {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;
  let monitor: BlockMonitor;
  const repls = new Map<Language, Repl>();

  before(async () => {
    sandboxes = createSandboxes();
    for (const language of ['python', 'javascript'] as const) {
      repls.set(language, await Repl.open(sandboxes, { language, context: 'x\n'.repeat(200_000) }));
    }
    monitor = watchBlocks(() => sandboxes.readStatus());
  });
  after(() => {
    repls.forEach(({ sandbox }) => sandbox.dispose());
    sandboxes.dispose();
  });

  for (const { language, what, code } of rows) {
    it(`serve others again soon after ${what} from ${language}`, async () => {
      const repl = repls.get(language);
      assert.ok(repl);
      await sandboxes.readStatus();
      monitor.start();
      await repl.run(code, { onHostCall: async () => ({ answers: ['a'], failures: [] }) });
      await monitor.stop();
      for (const [thread, blockMs] of Object.entries(monitor.longest)) {
        assert.ok((blockMs ?? 0) < maxBlockMs, `${thread}: ${blockMs}`);
      }
    });
  }
});
