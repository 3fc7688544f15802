// Which answers of an earlier attempt serve the same code again: those of the same prompt to the same model.

import assert from 'node:assert/strict';
import { Budget } from '../../../src/core/budget';
import type { ModelAnswered } from '../../../src/core/event';
import { KeptAnswers } from '../../../src/core/keptAnswers';
import { ModelCalls, noModelUsage, type RecordedCall } from '../../../src/core/modelCalls';
import { noUsage } from '../../../src/core/limits';
import { FakeClock } from '../../support/fakeClock';

const never = new AbortController().signal;

/** Asks once; gives what the call recorded and how often a model was asked. */
async function ask(model: string | null, answersAs: string, kept: KeptAnswers | null) {
  const recorded: RecordedCall[] = [];
  let asked = 0;
  const spending = { calls: 10, tokens: 100_000, chars: 100_000 };
  const calls = new ModelCalls({
    model: {
      readStatus: () => Promise.resolve([]),
      answer: async () => {
        asked += 1;
        return { ...noModelUsage, model: answersAs, text: `by ${answersAs}` };
      },
    },
    clock: new FakeClock(),
    budget: new Budget(spending, { calls: 0, tokens: 0, chars: 0 }, null),
    record: async (call) => void recorded.push(call),
    kept,
  });
  const messages = [{ role: 'user', text: 'Which?' }] as const;
  const { text } = await calls.ask({ messages, model, purpose: 'sub_call', client: null }, never);
  return { recorded, asked, text };
}

function keep(calls: readonly RecordedCall[]): KeptAnswers {
  const header = {
    kind: 'model.answered',
    at: 0,
    step: 1,
    status: 'active',
    usage: noUsage,
  } as const;
  const events = calls.map((call): ModelAnswered => ({ ...header, ...call }));
  return new KeptAnswers({ code: 'x', calls: events });
}

describe('an answer that was kept', () => {
  const names = [null, 'a/one', 'a/two', 'b/one'];
  for (const first of names) {
    for (const second of names) {
      const is = first === second ? 'serves' : 'does not serve';
      it(`of ${first ?? 'the default model'} ${is} ${second ?? 'the default model'}`, async () => {
        const as = (name: string | null): string => name ?? 'c/default';
        const before = await ask(first, as(first), null);
        const again = await ask(second, as(second), keep(before.recorded));
        assert.deepStrictEqual(
          [again.asked, again.text],
          first === second ? [0, before.text] : [1, `by ${as(second)}`],
        );
        const later = await ask(second, as(second), keep(again.recorded)); // of a second attempt
        assert.deepStrictEqual([later.asked, later.text], [0, again.text]);
      });
    }
  }

  it('serves by the name that was asked for, where another model answered in its place', async () => {
    const before = await ask('a/one', 'a/two', null);
    assert.equal((await ask('a/one', 'a/two', keep(before.recorded))).asked, 0);
    assert.equal((await ask('a/two', 'a/two', keep(before.recorded))).asked, 1);
  });
});
