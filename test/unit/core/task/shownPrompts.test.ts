import assert from 'node:assert/strict';
import fc from 'fast-check';

import type { ModelMessage, PromptOrigin } from '../../../../src/core/model';
import {
  type AskedPrompt,
  ShownPrompts,
  toPromptText,
} from '../../../../src/core/task/shownPrompts';

const maxChars = 80_000;

function toOrigin(sessionId: string): PromptOrigin {
  return { sessionId, title: `title of ${sessionId}`, depth: 1 };
}

function toAsked(
  id: string,
  messages: readonly ModelMessage[],
  { session = 's', follows = null as string | null } = {},
): AskedPrompt {
  const whole = toPromptText(messages);
  const prompt = follows === null ? whole : (messages.at(-1)?.text ?? '');
  const purpose = messages.length > 1 ? 'loop' : 'sub_call';
  return { id, messages, whole, prompt, follows, purpose, model: null, origin: toOrigin(session) };
}

function toQuery(id: string, text: string, session = 's'): AskedPrompt {
  return toAsked(id, [{ role: 'user', text }], { session });
}

const toIds = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id);

describe('what is shown of prompts', () => {
  it('is each once, and all again on request', () => {
    const shown = new ShownPrompts();
    const [first, second, third] = ['a', 'b', 'c'].map((text, at) => toQuery(`p${at}`, text));
    assert.ok(first && second && third);
    const pages = [
      shown.list([first, second], false),
      shown.list([second, third], false),
      shown.list([second, third], false),
      shown.list([second, third], true),
    ];
    assert.deepStrictEqual(
      pages.map(({ prompts, told, left }) => [toIds(prompts), told, left]),
      [
        [['p0', 'p1'], [], []],
        [['p2'], ['p1'], []],
        [[], ['p1', 'p2'], []],
        [['p1', 'p2'], [], []],
      ],
    );
    assert.deepStrictEqual(
      pages[3]?.prompts.map(({ prompt }) => prompt),
      ['b', 'c'],
    );
  });

  it('is a text once, though each prompt that has it is asked', () => {
    const shown = new ShownPrompts();
    const polled = ['p1', 'p2', 'p3'].map((id) => toQuery(id, 'how many?'));
    const page = shown.list(polled, false);
    assert.deepStrictEqual(
      page.prompts.map(({ id, prompt, sameAs }) => [id, prompt, sameAs]),
      [
        ['p1', 'how many?', null],
        ['p2', 'The same text as p1.', 'p1'],
        ['p3', 'The same text as p1.', 'p1'],
      ],
    );
    const later = shown.list([...polled.slice(1), toQuery('p4', 'how many?')], false);
    assert.deepStrictEqual(
      later.prompts.map(({ id, sameAs }) => [id, sameAs]),
      [['p4', 'p1']],
    );
    const again = shown.list(polled.slice(1), true);
    assert.deepStrictEqual(
      again.prompts.map(({ prompt }) => prompt),
      ['how many?', 'The same text as p2.'],
    );
  });

  it('is a system message once', () => {
    const shown = new ShownPrompts();
    const toChild = (id: string, task: string) =>
      toAsked(
        id,
        [
          { role: 'system', text: 'the rules' },
          { role: 'user', text: task },
        ],
        { session: id },
      );
    const page = shown.list([toChild('p1', 'one'), toChild('p2', 'two')], false);
    assert.deepStrictEqual(
      page.prompts.map(({ prompt, systemAs }) => [prompt, systemAs]),
      [
        ['[system]\nthe rules\n\n[user]\none', null],
        ['[system]\n(as in p1)\n\n[user]\ntwo', 'p1'],
      ],
    );
  });

  it('is of many a fair share of each session’s, within one reply, and names the rest', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            session: fc.constantFrom('a', 'b', 'c'),
            chars: fc.constantFrom(1, 500, 9_000, 39_000, 70_000),
            poll: fc.boolean(),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        (made) => {
          const asked = made.map(({ session, chars, poll }, at) =>
            toQuery(`p${at}`, (poll ? 'x' : String(at % 10)).repeat(chars), session),
          );
          const shown = new ShownPrompts();
          const texts = new Map<string, string>();
          let waiting = [...asked];
          while (waiting.length > 0) {
            const { prompts, told, left } = shown.list(waiting, false);
            assert.ok(prompts.length > 0);
            assert.deepStrictEqual(
              [...toIds(prompts), ...told, ...left].sort(),
              toIds(waiting).sort(),
            );
            const chars = prompts.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
            assert.ok(prompts.length === 1 || chars <= maxChars);
            for (const { id, prompt, sameAs } of prompts) {
              assert.ok(!texts.has(id));
              texts.set(id, sameAs === null ? prompt : (texts.get(sameAs) ?? ''));
            }
            checkFair(waiting, toIds(prompts));
            const done = new Set(toIds(prompts));
            waiting = waiting.filter(({ id }) => !done.has(id));
          }
          assert.deepStrictEqual(
            asked.map(({ id }) => texts.get(id)),
            asked.map(({ whole }) => whole),
          );
        },
      ),
    ));
});

/** A session whose first prompt is left out has another before it that took the room. */
function checkFair(waiting: readonly AskedPrompt[], taken: readonly string[]): void {
  const firsts = [
    ...new Map([...waiting].reverse().map((one) => [one.origin?.sessionId, one])).values(),
  ];
  const total = firsts.reduce((sum, one) => sum + JSON.stringify(one.whole).length + 300, 0);
  if (total <= maxChars) {
    assert.ok(firsts.every(({ id }) => taken.includes(id)));
  }
}
