import assert from 'node:assert/strict';

import { toHtmlExport } from '../../../src/export/htmlExport';
import { createTraceOf, toExported } from '../../support/exportedTraces';
import {
  createOpened,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  createStopped,
} from '../../support/sampleTrace';

/** The tags of a page with the names of their attributes, in order. */
function toTags(page: string): string[] {
  return Array.from(page.matchAll(/<(\/?[a-z][a-z0-9]*|!)([^>]*)>/gu), ([, name, attributes]) => {
    const names = (attributes ?? '').replace(/="[^"]*"/gu, '').split(/\s+/u);
    return [name, ...names.filter((attribute) => attribute !== '')].join(' ');
  });
}

describe('toHtmlExport', () => {
  it('shows a whole session', () => {
    const page = toHtmlExport(toExported(createSampleTrace()));
    for (const part of [
      '<h1>Why did checkout latency double on 14 July?</h1>',
      '<span class="badge badge-finalized">Finalized</span>',
      'aria-valuetext="8 of 16"',
      '184,220,317 characters',
      '<details class="step error" open>',
      '<mark class="line">    day = path.split(&quot;/&quot;)[2]\n</mark>',
      'IndexError: list index out of range (line 10)',
      'The step was interrupted: its time was up.',
      '18,204 more characters of output were not kept.',
      'The model did not answer within 60 s.',
      '␛[32m2116 hits␛[0m',
    ]) {
      assert.ok(page.includes(part), part);
    }
  });

  it('has the same elements and attributes whatever the texts in it are', () => {
    const plain = toTags(toHtmlExport(createTraceOf('plain')));
    for (const text of [
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='alert(1)",
      '</pre></style></title></details><iframe src="https://evil.example">',
      '<!-- ]]> &lt;b&gt; &#60;',
      'javascript:alert(1)',
    ]) {
      const page = toHtmlExport(createTraceOf(text));
      assert.deepStrictEqual(toTags(page), plain);
      assert.ok(!page.includes(text) || !/[<>"'&]/u.test(text), text);
    }
  });

  it('holds no script, loads nothing and says so to the browser', () => {
    const page = toHtmlExport(toExported(createSampleTrace()));
    assert.ok(page.includes(`content="default-src 'none'; style-src 'unsafe-inline';`));
    assert.doesNotMatch(page, /<(?:script|link|img|iframe|object|embed|form|base)\b/u);
    assert.doesNotMatch(page, /\b(?:src|on[a-z]+|action)="|url\(|@import/u);
    const targets = Array.from(page.matchAll(/href="([^"]*)"/gu), ([, target]) => target ?? '');
    assert.deepStrictEqual(
      targets.filter((target) => !target.startsWith('#')),
      [],
    );
  });

  it('links only to places that exist, and names each place once', () => {
    const page = toHtmlExport(toExported(createSampleTrace()));
    const ids = Array.from(page.matchAll(/ id="([^"]*)"/gu), ([, id]) => id);
    const targets = Array.from(page.matchAll(/href="#([^"]*)"/gu), ([, target]) => target);
    const labels = Array.from(page.matchAll(/aria-labelledby="([^"]*)"/gu), ([, label]) => label);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepStrictEqual(
      [...targets, ...labels].filter((id) => !ids.includes(id)),
      [],
    );
  });

  it('closes every element it opens', () => {
    const open: string[] = [];
    for (const tag of toTags(toHtmlExport(toExported(createSampleTrace())))) {
      const [name = ''] = tag.split(' ');
      if (name.startsWith('/')) {
        assert.equal(open.pop(), name.slice(1));
      } else if (!['meta', '!'].includes(name)) {
        open.push(name);
      }
    }
    assert.deepStrictEqual(open, []);
  });

  it('shows what cannot be seen', () => {
    const page = toHtmlExport(createTraceOf('a\0b\u202ec\u200bd\ue000\ud800'));
    assert.ok(page.includes('a␀b‹U+202E›c‹U+200B›d\ue000‹U+D800›'));
  });

  it('opens the steps that failed and no others', () => {
    const error = { type: 'E', message: 'm', line: 1, traceback: '' };
    const page = toHtmlExport(
      toExported([
        createOpened(),
        createStepStarted(),
        createStepFinished(),
        createStepStarted({ step: 2 }),
        createStepFinished({ step: 2, outcome: createOutcome({ error }) }),
        createStepStarted({ step: 3 }),
        createStepFinished({ step: 3, status: 'stopped', stop: 'max_steps' }),
      ]),
    );
    assert.deepStrictEqual(
      Array.from(page.matchAll(/<details class="step ([^>]*)>/gu), ([, rest]) => rest),
      ['ok"', 'error" open', 'stopped"'],
    );
    assert.ok(page.includes('Stopped by a guardrail: all steps are used.'));
  });

  it('shows a session that has done nothing, and one stopped in its first step', () => {
    const empty = toHtmlExport(toExported([createOpened({ title: '' })]));
    assert.ok(empty.includes('<h1>Untitled session</h1>'));
    assert.ok(empty.includes('No step was run.'));
    const stopped = toHtmlExport(
      toExported([createOpened(), createStepStarted(), createStopped({ step: 1 })]),
    );
    assert.ok(stopped.includes('Stopped by the user.'));
    assert.ok(stopped.includes('>Unfinished</span>'));
  });

  it('keeps the whole of a huge text, in a box that the keyboard can scroll', () => {
    const text = '<b>&\n'.repeat(100_000);
    const page = toHtmlExport(createTraceOf(text));
    assert.ok(page.includes('&lt;b&gt;&amp;\n'.repeat(100_000)));
    assert.ok(page.includes('<pre class="long" tabindex="0" role="region" aria-label="Output">'));
  });
});
