import assert from 'node:assert/strict';
import fc from 'fast-check';

import type { ExportedTrace } from '../../../src/export/exportedTrace';
import { toFence, toInline } from '../../../src/base/markdown';
import { toMarkdownExport } from '../../../src/export/markdownExport';
import { createRunTrace } from '../../support/runTrace';
import { createTraceOf, joinPieces, toExported } from '../../support/exportedTraces';
import {
  createOpened,
  createSampleTrace,
  createStepStarted,
  createStopped,
} from '../../support/sampleTrace';

/** Lines outside code blocks, with what came from `text` made alike. */
function toSkeleton(markdown: string, text: string): string[] {
  const lines: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split('\n')) {
    if (fence === null) {
      fence = /^`{3,}/u.exec(line)?.[0] ?? null;
      lines.push(fence === null ? line.replaceAll(toInline(text), 'TEXT') : 'CODE');
    } else if (line === fence) {
      fence = null;
    }
  }
  assert.equal(fence, null, 'a code block is left open');
  return lines;
}

const write = (trace: ExportedTrace): Promise<string> => joinPieces(toMarkdownExport(trace));

describe('toMarkdownExport', () => {
  it('shows a whole session', async () => {
    const markdown = await write(toExported(createSampleTrace()));
    for (const part of [
      '# Why did checkout latency double on 14 July?',
      '| Status | Finalized. Ended with an answer. |',
      '| Steps | 8 of 16 | 50 % |',
      '| deploys.csv | 8,412 |',
      '… and 307 more.',
      '### Step 2: Error, 412 ms',
      '**IndexError: list index out of range** (line 10)',
      '### Step 4: Error, 30 s',
      '_The step was interrupted: its time was up._',
      '#### Sub-model call 1: openai/gpt-5-mini, 2.9 s, 11,204 prompt + 31 answer tokens',
      '**Failed:** The model did not answer within 60 s.',
      '␛[32m2116 hits␛[0m',
    ]) {
      assert.ok(markdown.includes(part), part);
    }
  });

  it('keeps hostile text in its place, wherever it stands', async () => {
    const hostile = [
      '```\n# Injected\n```',
      '````\n~~~\n# Injected',
      '</details><script>alert(1)</script>',
      '| a | b |\n|---|---|',
      '![x](https://evil.example/x.png) [y](javascript:alert(1))',
      '\\`*_{}[]<>()#+-.!|&~$ \\| &lt; <!--',
      '\r\n\r```\r\n\u2028# Injected',
      '`'.repeat(500),
    ];
    const plain = toSkeleton(await write(createTraceOf('plain')), 'plain');
    for (const text of hostile) {
      assert.deepStrictEqual(toSkeleton(await write(createTraceOf(text)), text), plain);
    }
  });

  it('shows a session that has done nothing yet', async () => {
    const markdown = await write(toExported([createOpened({ title: ' ' })]));
    assert.ok(markdown.startsWith('# Untitled session\n'));
    assert.ok(markdown.includes('No context was loaded.'));
    assert.ok(markdown.includes('No step was run.'));
    assert.ok(!markdown.includes('## Final answer'));
  });

  it('tells a run: its task, what the model said, and how it ended', async () => {
    const markdown = await write(toExported(createRunTrace()));
    for (const part of [
      '### Run of at most 5 iterations\n\n```\nCount the errors in the log.\n```',
      '### Step 1: OK, 10 ms\n\n**Reply:** openai/gpt-5, 3.2 s, about 4 prompt + 2 answer tokens, $0.0120',
      'Answered by the session child-session.',
      '**Reply:** openai/gpt-5, 420 ms, 4 prompt + 2 answer tokens\n\n```\nThere were 7.\n```',
      '_The run ended with all iterations used and no answer handed in, after 5 iterations._',
    ]) {
      assert.ok(markdown.includes(part), part);
    }
  });

  it('shows a stopped session whose last step never finished', async () => {
    const events = [createOpened(), createStepStarted(), createStopped({ step: 1 })];
    const markdown = await write(toExported(events));
    assert.ok(markdown.includes('| Status | Stopped. Stopped by the user. |'));
    assert.ok(markdown.includes('### Step 1: Unfinished\n'));
  });
});

describe('toInline', () => {
  it('is one line without any markup of its own', () => {
    assert.equal(toInline(' a\n b\t*c* [d](e) <f> `g` '), 'a b \\*c\\* \\[d\\](e) \\<f\\> \\`g\\`');
    assert.equal(toInline('a|b'), 'a&#124;b');
    assert.equal(toInline('see https://evil.example'), 'see https&#8203;://evil.example');
  });
});

describe('toFence', () => {
  it('is longer than any run of backticks in its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', '\n', 'a') }), (text) => {
        const [first = '', ...rest] = toFence(text).split('\n');
        assert.match(first, /^`{3,}$/u);
        assert.equal(rest.indexOf(first), rest.length - 1);
      }),
    );
  });
});
