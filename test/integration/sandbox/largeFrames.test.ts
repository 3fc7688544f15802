// What code sends to the host is bounded on its own thread: too much is an error in that code, the
// session goes on, and neither the host nor another session has had any of it.

import assert from 'node:assert/strict';
import type { HostCall, Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

interface Row {
  readonly language: Language;
  readonly what: string;
  readonly code: string;
  /** Part of the error; null: the host gets it whole. */
  readonly refused: RegExp | null;
}

const forge = (frame: string): string => `
import os
device = os.open("/dev/rlm", os.O_RDWR)
frame = ${frame}
os.write(device, frame)
os.read(device, int(os.read(device, 16))).decode()`;

const rows: readonly Row[] = [
  ...(['llm_query', 'rlm_query'] as const).flatMap((name): readonly Row[] => [
    {
      language: 'python',
      what: `millions of values in place of a model of ${name}`,
      code: `${name}("x", ${name === 'llm_query' ? '' : '"", '}[{}] * 3_000_000)`,
      refused: /more than 200000 values|must be a name/,
    },
    {
      language: 'javascript',
      what: `millions of values in place of a model of ${name}`,
      code: `${name}('x', ${name === 'llm_query' ? '' : '"", '}new Array(1_500_000).fill('a'))`,
      refused: /more than 200000 values|must be a name/,
    },
    {
      language: 'python',
      what: `a text of ${name} that is too long`,
      code: `${name}("x" * 12_000_000, "")`,
      refused: /10000000 can be sent/,
    },
    {
      language: 'javascript',
      what: `a text of ${name} that is too long`,
      code: `${name}('x'.repeat(12_000_000), '')`,
      refused: /10000000 can be sent/,
    },
  ]),
  {
    language: 'python',
    what: 'millions of texts as the context of a child',
    code: 'rlm_query("x", ["a"] * 1_000_000)',
    refused: /more than 200000 values/,
  },
  {
    language: 'javascript',
    what: 'millions of texts as the context of a child',
    code: `rlm_query('x', new Array(1_000_000).fill('a'))`,
    refused: /more than 200000 values/,
  },
  {
    language: 'python',
    what: 'a batch of too many prompts',
    code: 'llm_query_batched(["x"] * 300_000)',
    refused: /more than 200000 values/,
  },
  {
    language: 'javascript',
    what: 'a batch of prompts that are too long together',
    code: `llm_query_batched(new Array(20).fill('x'.repeat(1_000_000)))`,
    refused: /10000000 can be sent/,
  },
  {
    language: 'javascript',
    what: 'values nested deeply',
    code: `let deep = []; for (let n = 0; n < 150; n++) deep = [deep]; rlm_query('x', deep)`,
    refused: /nested/,
  },
  {
    language: 'python',
    what: 'values nested deeply',
    code: `deep = []\nfor n in range(150): deep = [deep]\nrlm_query("x", deep)`,
    refused: /100 levels/,
  },
  {
    language: 'python',
    what: 'four million characters that Python escapes',
    code: 'rlm_query("x", "ё" * 4_000_000)',
    refused: null,
  },
  {
    language: 'javascript',
    what: 'eight million characters',
    code: `rlm_query('x', 'ё'.repeat(8_000_000))`,
    refused: null,
  },
  {
    language: 'python',
    what: 'lone halves of surrogate pairs',
    code: 'rlm_query("x", "\\ud83d" * 100_000)',
    refused: null,
  },
];

describe('large frames of a guest', function () {
  this.timeout(120_000);
  let sandboxes: SandboxProcess;
  let bystander: Repl;
  before(async () => {
    sandboxes = createSandboxes();
    bystander = await Repl.open(sandboxes, { language: 'javascript', context: 'safe' });
  });
  after(() => sandboxes.dispose());

  for (const { language, what, code, refused } of rows) {
    it(`${refused ? 'are refused' : 'pass'}: ${what} (${language})`, async () => {
      const repl = await Repl.open(sandboxes, { language });
      try {
        await repl.run('kept = 1');
        const calls: HostCall[] = [];
        const outcome = await repl.run(code, {
          onHostCall: async (call) => {
            calls.push(call);
            return 'an answer';
          },
        });
        if (refused) {
          assert.match(outcome.error?.message ?? '', refused);
          assert.deepEqual(calls, []);
        } else {
          assert.equal(outcome.error, null);
          assert.equal(calls.length, 1);
        }
        assert.equal(await repl.evaluate('kept'), '1');
        assert.equal(await bystander.evaluate('context'), `'safe'`);
      } finally {
        repl.sandbox.dispose();
      }
    });
  }

  for (const [what, frame] of [
    [
      'a long sleep frame',
      `b'{"kind": "call", "id": "x", "call": 7, "name": "sleep", "args": [0, "' + b'x' * 30_000_000 + b'"]}'`,
    ],
    [
      'a sleep frame of many values',
      `b'{"kind": "call", "id": "x", "call": 7, "name": "sleep", "args": [' + b'[],' * 3_000_000 + b'0]}'`,
    ],
  ] as const) {
    it(`are refused when they are forged: ${what}`, async () => {
      const repl = await Repl.open(sandboxes, { language: 'python' });
      try {
        const outcome = await repl.run(forge(frame));
        assert.match(outcome.result ?? '', /"call":7,"error":\{"code":"INVALID_INPUT"/);
        assert.equal(await repl.evaluate('1 + 1'), '2');
      } finally {
        repl.sandbox.dispose();
      }
    });
  }

  it('end the worker where no engine says so much', async () => {
    const repl = await Repl.open(sandboxes, { language: 'python' });
    try {
      const frame = `b'{"kind": "ran", "id": "x", "outcome": [' + b'[],' * 3_000_000 + b'0]}'`;
      const outcome = await repl.run(forge(frame));
      assert.equal(outcome.stateLost, true);
      assert.equal(await bystander.evaluate('context'), `'safe'`);
    } finally {
      repl.sandbox.dispose();
    }
  });
});
