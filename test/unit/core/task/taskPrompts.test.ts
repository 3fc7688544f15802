import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import type { ModelMessage } from '../../../../src/core/model';
import { TaskPrompts, type TaskPrompt } from '../../../../src/core/task/taskPrompts';
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
    const [shown] = prompts.list(false);
    assert.ok(shown);
    prompts.answer([{ id: shown.id, text: 'code' }]);
    await asked;
    return shown;
  }

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
