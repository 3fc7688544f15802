import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import type { ModelMessage } from '../../../../src/core/model';
import type { TaskPrompt } from '../../../../src/core/task/shownPrompts';
import { TaskPrompts } from '../../../../src/core/task/taskPrompts';
import { createRequest } from '../../../support/fakeProvider';

const first: readonly ModelMessage[] = [
  { role: 'system', text: 'rules' },
  { role: 'user', text: 'the task' },
];
const second: readonly ModelMessage[] = [
  ...first,
  { role: 'assistant', text: 'code' },
  { role: 'user', text: 'what came of it' },
];

describe('the prompts of a task', () => {
  /** Asks, and answers at once; gives what the agent was shown. */
  async function ask(
    prompts: TaskPrompts,
    messages: readonly ModelMessage[],
    purpose: 'loop' | 'sub_call',
  ): Promise<TaskPrompt> {
    const asked = prompts.ask(createRequest({ messages, purpose }), neverAborted);
    const [shown] = prompts.list(false).prompts;
    assert.ok(shown);
    await prompts.answer([{ id: shown.id, text: 'code' }]);
    await asked;
    return shown;
  }

  it('mix up no conversations that begin alike', async () => {
    const prompts = new TaskPrompts(() => undefined);
    await ask(prompts, first, 'loop');
    await ask(prompts, first, 'loop');
    for (const reply of ['code A', 'code B']) {
      const messages = [...first, { role: 'assistant', text: reply }, { role: 'user', text: 'on' }];
      const { prompt, follows } = await ask(prompts, messages as ModelMessage[], 'loop');
      assert.equal(follows, null);
      assert.match(prompt, new RegExp(reply, 'u'));
    }
  });

  it('take one answer each, and name those that come too late', async () => {
    const prompts = new TaskPrompts(() => undefined);
    const { id } = await ask(prompts, first, 'sub_call');
    const asked = prompts.ask(createRequest({ messages: second }), neverAborted);
    const [open] = prompts.list(false).prompts;
    assert.ok(open);
    const twice = [1, 2].map((number) => ({ id: open.id, text: String(number) }));
    await assert.rejects(prompts.answer(twice), { code: 'INVALID_INPUT' });
    const late = await prompts.answer([
      { id, text: 'again' },
      { id: open.id, text: 'once' },
    ]);
    assert.deepStrictEqual([late, (await asked).text], [[id], 'once']);
  });

  it('are answered once the answer is on record', async () => {
    const prompts = new TaskPrompts(() => undefined);
    let record: () => void = () => undefined;
    const recorded = new Promise<void>((resolve) => {
      record = resolve;
    });
    const asked = prompts.ask({ ...createRequest({ messages: first }), recorded }, neverAborted);
    const [open] = prompts.list(false).prompts;
    const events: string[] = [];
    const answered = prompts
      .answer([{ id: open?.id ?? '', text: 'code' }])
      .then(() => events.push('answered'));
    await asked;
    await new Promise((resolve) => setImmediate(resolve));
    events.push('recorded');
    record();
    await answered;
    assert.deepStrictEqual(events, ['recorded', 'answered']);
  });

  it('show of a conversation only what is new, however many of the code’s lie between', async () => {
    const prompts = new TaskPrompts(() => undefined);
    const { id } = await ask(prompts, first, 'loop');
    for (let count = 0; count < 500; count += 1) {
      await ask(prompts, [{ role: 'user', text: `piece ${count}` }], 'sub_call');
    }
    const { prompt, follows } = await ask(prompts, second, 'loop');
    assert.deepStrictEqual([prompt, follows], ['what came of it', id]);
  });
});
