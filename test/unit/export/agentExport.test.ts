import assert from 'node:assert/strict';
import { renderEvent } from '../../../src/cli/render/event';
import { createStyle } from '../../../src/cli/render/style';
import { toMarkdownExport } from '../../../src/export/markdownExport';
import { toHtmlExport } from '../../../src/export/htmlExport';
import {
  AgentTraceBuilder,
  askedCommand,
  createDoneAgent,
  sampleDiff,
  toAsked,
  toRan,
  toSaid,
} from '../../support/agentTrace';
import { joinPieces, toExported } from '../../support/exportedTraces';

const long = `echo ${'x'.repeat(600)} && rm -rf build`;
const texts = [
  ...[long, askedCommand, '11 passing\n1 failing', '.env must not be read', 'The model is busy.'],
  ...['The test waits for a clock.', 'To publish it.', '{"profile_id":"code_reviewer"}'],
  ...['The test is mended: it waited for the system clock.', 'second\nline'],
];

function createTrace() {
  return createDoneAgent().add(
    toAsked({ approvalId: 'a9', command: long, diff: sampleDiff }),
    { kind: 'agent.noted', by: 'user', note: 'second\nline', tags: ['t'] },
    toRan({ actionId: 'c9', output: 'cut', droppedChars: 1_234 }),
    toSaid('The end.'),
  ).events;
}

/** Whatever is put before each line. */
function holds(document: string, text: string): boolean {
  return text.split('\n').every((line) => document.includes(line));
}

describe('the trace of an agent', () => {
  it('is whole as Markdown, and speaks of no steps, contexts or variables', async () => {
    const document = await joinPieces(toMarkdownExport(toExported(createTrace())));
    assert.deepStrictEqual(
      [...texts, sampleDiff].filter((text) => !holds(document, text)),
      [],
    );
    assert.doesNotMatch(document, /No step was run|No context|## Steps|characters\)/u);
    for (const part of [
      /## Task\n/u,
      /\| Tokens \|/u,
      /## Checklist\n[^#]*done \| Tests pass/u,
      /open \| The change is in the notes/u,
      /## Changed files\n[^#]*src\/retry\.ts/u,
      /1,234 characters more were not recorded/u,
      /### Cancelled/u,
    ]) {
      assert.match(document, part);
    }
  });

  it('is in a page for readers without scripts too', async () => {
    const viewer = { script: '', style: '' };
    const document = await joinPieces(toHtmlExport(toExported(createTrace()), viewer));
    const plain = /<noscript>(.*)<\/noscript>/su.exec(document)?.[1] ?? '';
    assert.ok(holds(plain, '11 passing\n1 failing'));
    assert.ok(holds(plain, 'it waited for the system clock'));
    assert.doesNotMatch(plain, /No step was run/u);
  });

  it('is whole in a terminal', () => {
    const style = createStyle({}, false);
    const document = createTrace()
      .map((event) => renderEvent(event, style))
      .join('\n');
    assert.deepStrictEqual(
      [...texts, sampleDiff, '1,234'].filter((text) => !holds(document, text)),
      [],
    );
  });

  it('that has only begun says so', async () => {
    const { events } = new AgentTraceBuilder();
    const document = await joinPieces(toMarkdownExport(toExported(events)));
    assert.match(document, /Nothing has happened yet\./u);
  });
});
