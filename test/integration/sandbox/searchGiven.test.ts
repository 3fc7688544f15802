// A search looks through the texts that were given for it, whatever was given before and never looked through.

import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { SearchThread } from '../../../src/sandbox/searchThread';
import { Repl, createSandboxes, sandboxFolder } from '../../support/repl';

const never = new AbortController().signal;

/** Texts on their way to the search; those that are cut short send only so many of their pieces. */
const attempt = fc.record({
  texts: fc.array(
    fc.array(fc.constantFrom('zebra ', 'lion ', ''), { minLength: 1, maxLength: 3 }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  sent: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
  endsStep: fc.boolean(),
});

describe('texts that are given to a search', function () {
  this.timeout(60_000);
  let thread: SearchThread;

  before(() => {
    thread = new SearchThread({
      folder: path.resolve(sandboxFolder),
      maxMemoryBytes: 2 ** 28,
      contexts: () => [],
    });
  });
  after(() => thread.dispose());

  const count = async (): Promise<unknown> => {
    const args = {
      contextIndex: null,
      source: null,
      unit: 'utf16',
      pattern: 'zebra',
      flags: 'g',
      group: null,
    };
    return (await thread.ask('context.count', args, never)).value;
  };

  it('are never mixed with those of a search that was interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 6 }), async (attempts) => {
        for (const { texts, sent, endsStep } of attempts) {
          const pieces = texts.flatMap((parts) =>
            parts.map((piece, number) => ({ piece, continues: number > 0 })),
          );
          for (const [number, { piece, continues }] of pieces.slice(0, sent).entries()) {
            const given = { starts: number === 0, continues, texts: [piece] };
            await thread.ask('context.give', given, never);
          }
          if (sent === undefined || sent >= pieces.length) {
            const counts = texts.map((parts) => parts.filter((one) => one === 'zebra ').length);
            assert.deepStrictEqual(await count(), { counts, values: [] });
          } else if (endsStep) {
            thread.dropGiven();
            await assert.rejects(count(), { code: 'INVALID_INPUT' });
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are dropped when the step that gave them ends', async () => {
    const sandboxes = createSandboxes();
    const repl = await Repl.open(sandboxes, { context: 'abc' });
    await repl.evaluate('give = search.__globals__["give"]\ngive([(None, "zebra crossing")])');
    const looked = await repl.run(
      'search.__globals__["call_host"]("context.search", {"contextIndex": None, "source": None, ' +
        '"unit": "codepoint", "query": "zebra", "maxHits": 3, "windowChars": 100})',
    );
    await repl.evaluate('give([(None, "zebra crossing")])');
    const next = await repl.evaluate(
      '[hit.text for hit in search("zebra", text="a lion, a zebra")]',
    );
    repl.sandbox.dispose();
    sandboxes.dispose();
    assert.match(looked.error?.message ?? '', /^INVALID_INPUT/u);
    assert.equal(next, "['a lion, a zebra']");
  });
});
