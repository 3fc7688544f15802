import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import type { TraceEvent } from '../../../src/core/event';
import type { ExportedTrace } from '../../../src/export/exportedTrace';
import { toHtmlExport } from '../../../src/export/htmlExport';
import { createTraceOf, joinPieces, toExported } from '../../support/exportedTraces';
import { createOpened, createSampleTrace, createStepStarted } from '../../support/sampleTrace';

const viewer = { script: 'showTrace("</p>")', style: 'p { color: red }' };
const write = (trace: ExportedTrace): Promise<string> => joinPieces(toHtmlExport(trace, viewer));

/** The tags of a page with their attributes but the policy, in order; script and style are whole. */
function toTags(page: string): string[] {
  const parts = page.matchAll(/<(script|style)[^>]*>[^]*?<\/\1>|<[^>]*>/gu);
  return Array.from(parts, ([text]) =>
    text.replace(/(?<=application\/json" id="[^"]*">)[^]*/u, ''),
  );
}

/** What the page gives its viewer: the summary, and every event. */
function readParts(page: string): { readonly start: unknown; readonly events: unknown[] } {
  const parts = [...page.matchAll(/<script type="application\/json" id="([^"]*)">([^<]*)</gu)];
  const [start, ...pages] = parts.map(([, id, json]) => [id, JSON.parse(json ?? '')] as const);
  assert.equal(start?.[0], 'rlm-start');
  const end = pages.pop();
  assert.deepStrictEqual(end, ['rlm-end', { pages: pages.length }]);
  assert.deepStrictEqual(
    pages.map(([id]) => id),
    pages.map((_, index) => `rlm-events-${index}`),
  );
  return {
    start: start[1],
    events: pages.flatMap(([, page]) => (page as { events: unknown[] }).events),
  };
}

describe('toHtmlExport', () => {
  it('holds the whole trace, an event a line', async () => {
    const trace = toExported(createSampleTrace());
    const page = await write(trace);
    const { summary, events } = trace;
    assert.deepStrictEqual(readParts(page), { start: { summary }, events });
    assert.ok(page.includes(`\n${JSON.stringify(events[1])},\n`));
  });

  it('parts a long trace into pages', async () => {
    const events: TraceEvent[] = [createOpened()];
    for (let step = 1; step <= 30; step += 1) {
      events.push(createStepStarted({ step, code: 'x'.repeat(100_000) }));
    }
    const page = await write(toExported(events));
    assert.equal(page.match(/id="rlm-events-/gu)?.length, 7);
    assert.deepStrictEqual(readParts(page).events, events);
  });

  it('has the same elements whatever the texts in it are', async () => {
    const plain = toTags(await write(createTraceOf('plain')));
    for (const text of [
      '<script>alert(1)</script>',
      '</script><script>alert(1)</script>',
      '<!--<script>',
      '"><img src=x onerror=alert(1)>',
      '</pre></noscript></style></title><iframe src="https://evil.example">',
      '<!-- ]]> &lt;b&gt; &#60;',
    ]) {
      const trace = createTraceOf(text);
      const page = await write(trace);
      const title = `<title>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</title>`;
      assert.ok(page.includes(title));
      assert.deepStrictEqual(toTags(page), plain);
      assert.deepStrictEqual(readParts(page).events, trace.events);
    }
  });

  it('lets the browser run its viewer and nothing else, and load nothing', async () => {
    const page = await write(toExported(createSampleTrace()));
    const toSource = (text: string): string =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/u.exec(page)?.[1];
    assert.equal(
      policy,
      `default-src 'none'; script-src ${toSource(viewer.script)}; ` +
        `style-src ${toSource(viewer.style)} ${toSource('')}; base-uri 'none'; form-action 'none'`,
    );
    assert.doesNotMatch(page.split('</head>')[0] ?? '', /\b(?:src|href|on[a-z]+)=/u);
    assert.equal(page.split('<script>').length, 2);
  });

  it('says the beginning of the trace to readers without scripts', async () => {
    const step = createStepStarted({ code: `<b>${'x'.repeat(300_000)}` });
    const trace = toExported([createOpened(), step, { ...step, step: 2 }, { ...step, step: 3 }]);
    const [, text = ''] =
      /<noscript><pre>([^]*)<\/pre><\/noscript>/u.exec(await write(trace)) ?? [];
    assert.match(text, /^# /u);
    assert.match(text, /### Step 1: Unfinished[^]*&lt;b&gt;xxx[^]*… and 2 more steps/u);
  });

  it('shows what cannot be seen', async () => {
    const page = await write(createTraceOf('a\0b\u202ec'));
    assert.ok(page.includes('<title>a␀b‹U+202E›c</title>'));
  });
});
