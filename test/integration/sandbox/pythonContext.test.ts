// Contexts inside the Python sandbox: shapes, sizes, and the helpers that look into them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { backendNames } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

describePython(
  'python context',
  (backend) => {
    let sandboxes: SandboxProcess;

    before(() => {
      sandboxes = createSandboxes(backend);
    });
    after(() => sandboxes.dispose());

    const withRepl = async (
      context: string | Readonly<Record<string, string>>,
      use: (repl: Repl) => Promise<void>,
    ): Promise<void> => {
      const repl = await Repl.open(sandboxes, { context });
      try {
        await use(repl);
      } finally {
        repl.sandbox.dispose();
      }
    };

    it('costs a step that names it no look at it, however long it is', async () => {
      await withRepl('The grass is green.\n'.repeat(3_600_000), async (repl) => {
        const { stderr, changes, result } = await repl.run('n = len(context)\nn');
        assert.deepStrictEqual(
          [stderr, changes.map(({ name }) => name), result],
          ['', ['n'], '72000000'], // of what was looked at and is too large for it a note says so
        );
      });
    });

    it('is a string for one text and a mapping for several, with their sizes', async () => {
      await withRepl('', async (repl) => {
        assert.deepStrictEqual(await repl.load('one', 'añ\u{1F600}\nx\0y'), {
          totalChars: 7,
          totalLines: 2,
          sources: [{ path: 'context_text', chars: 7 }],
          sourceCount: 1,
          preview: 'añ\u{1F600}\nx\0y',
        });
        const sizes = await repl.load('many', { 'a/b.txt': 'one\n', __proto__x: '' });
        assert.deepStrictEqual([sizes.totalChars, sizes.totalLines, sizes.sourceCount], [4, 1, 2]);
        assert.equal(
          await repl.evaluate('type(one).__name__, one[2], sorted(many)'),
          "('str', '\u{1F600}', ['__proto__x', 'a/b.txt'])",
        );
      });
    });

    it('holds long texts of any width as Python’s own strings are', async () => {
      const size = 70_000;
      const texts: Readonly<Record<string, string>> = {
        ascii: 'plain words\n'.repeat(size / 10),
        latin1: 'na\u00efve \u00ff\n'.repeat(size / 6),
        bmp: '\u0100\u2014 \0 \ufeff\ud7ff\n'.repeat(size / 8),
        astral: 'a\u{1F600}\u{10FFFF}\u00e9\n'.repeat(size / 8),
        'narrow but for its last': `${'a'.repeat(size)}\u{1F600}`,
        'short between long ones': 'x',
        empty: '',
        'one more': 'y'.repeat(size + 1),
      };
      await withRepl(texts, async (repl) => {
        const digest = (text: string) => createHash('sha256').update(text).digest('hex');
        // What is made anew must be equal, hash alike and take the same room: so width and length are right.
        const seen = await repl.evaluate(
          'import hashlib, json, re\n' +
            'def seen(text):\n' +
            '    raw = text.encode()\n' +
            '    again = raw.decode()\n' +
            '    assert text == again and hash(text) == hash(again) and again in {text}\n' +
            '    assert text.__sizeof__() == again.__sizeof__() and text.isascii() == again.isascii()\n' +
            '    assert not text or re.search(re.escape(again[-5:]) + "$", text)\n' +
            '    return hashlib.sha256(raw).hexdigest()\n' +
            'json.dumps([[path, len(text), seen(text)] for path, text in context.items()])',
        );
        const expected = Object.entries(texts).map(([path, text]) => [
          path,
          [...text].length,
          digest(text),
        ]);
        assert.deepStrictEqual(JSON.parse((seen ?? '').slice(1, -1)), expected);
        assert.equal(await repl.evaluate('"x" * 3 + "y"'), "'xxxy'"); // shared ones are as they were
      });
    });

    it('says the same sizes of a text however long it is', async () => {
      await withRepl('', async (repl) => {
        const unit = 'añ\u{1F600}\nx\0y';
        for (const [number, count] of [1, 9_000].entries()) {
          const sizes = await repl.load(`text_${number}`, unit.repeat(count));
          assert.deepStrictEqual(
            [sizes.totalChars, sizes.totalLines],
            [7 * count, count + 1],
            `${count} times`,
          );
        }
      });
    });

    it('greps with offsets, lines and paths', async () => {
      await withRepl({ 'a.log': 'x\nerror: one\n', 'b.log': 'ERROR two\n' }, async (repl) => {
        const code =
          '[(s.path, s.start, s.end, s.line, s.text, s.line_text) for s in grep("error", ignore_case=True)]';
        assert.equal(
          await repl.evaluate(code),
          "[('a.log', 2, 7, 2, 'error', 'error: one'), ('b.log', 0, 5, 1, 'ERROR', 'ERROR two')]",
        );
        assert.equal(await repl.evaluate('len(grep("error", path="a.log"))'), '1');
        const { error } = await repl.run('grep("x", path="c.log")');
        assert.equal(error?.type, 'KeyError');
      });
    });

    it('cuts into chunks that cover the text and know their lines', async () => {
      const text = Array.from({ length: 500 }, (_, line) => `line ${line} of some text\n`).join('');
      await withRepl(text, async (repl) => {
        const code =
          'c = chunk(1000)\n"".join(s.text for s in c) == context, all(context[:s.start].count("\\n") + 1 == s.line for s in c), max(len(s) for s in c) <= 1000';
        assert.equal(await repl.evaluate(code), '(True, True, True)');
        const overlap =
          'o = chunk(300, 50)\nall(b.start == a.end - 50 for a, b in zip(o, o[1:])), o[-1].end == len(context)';
        assert.equal(await repl.evaluate(overlap), '(True, True)');
      });
    });

    it('ranks windows by BM25 the same over the context and over a copy of it', async () => {
      const words = ['alpha', 'beta', 'gamma', 'delta', 'needle'];
      const text = Array.from(
        { length: 3_000 },
        (_, line) => `${words[(line * 7) % 4]} ${words[(line * 3) % 5]} ${line}\n`,
      ).join('');
      await withRepl(text, async (repl) => {
        const list = (of: string) =>
          repl.evaluate(
            `[(s.start, s.end, s.line, round(s.score, 6)) for s in search("needle beta", 5${of})]`,
          );
        const fromHost = await list('');
        assert.equal(fromHost, await list(', text="" + context + ""'));
        assert.equal(fromHost, await list(', text=context[:1] + context[1:]'));
      });
    });

    it('finds the same by V8 as by Python’s own engine, offsets by code point', async () => {
      const text = `${'é\u{1F600} plain words and needle42\n'.repeat(9_000)}`;
      await withRepl(text, async (repl) => {
        const compare = (pattern: string) =>
          repl.evaluate(
            `a = grep(${pattern}, max_matches=20000)\nb = grep(${pattern}, text=context[:1] + context[1:], max_matches=20000)\n` +
              'len(a) > 1000, [(s.start, s.end, s.line, s.line_text) for s in a] == [(s.start, s.end, s.line, s.line_text) for s in b]',
          );
        assert.equal(await compare('"needle42"'), '(True, True)');
        assert.equal(await compare('"words (and|or) n"'), '(True, True)');
        assert.equal(await compare('r"\\w+42"'), '(True, True)');
        assert.equal(await compare('"[\\u0080-\\uffff]"'), '(True, True)');
        assert.equal(await compare('"é[a-\\uffff]?"'), '(True, True)');
      });
    });

    it('stops a search that never ends, and keeps state', async () => {
      await withRepl(`${'a'.repeat(300_000)}b`, async (repl) => {
        await repl.run('kept = 3');
        const outcome = await repl.run('grep("(a+)+c")', { timeoutMs: 300 });
        assert.deepStrictEqual([outcome.interruption, outcome.stateLost], ['timeout', false]);
        assert.equal(await repl.evaluate('kept, len(grep("a+b"))'), '(3, 1)');
      });
    });
  },
  backendNames,
);
