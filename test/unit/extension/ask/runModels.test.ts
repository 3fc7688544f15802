import assert from 'node:assert/strict';
import { toRunModels } from '../../../../src/extension/ask/runModels';

describe('the models of a run that a person starts', () => {
  const cases = [
    { given: [null, null, null], gets: [null, null] },
    { given: ['openai/large', null, null], gets: ['openai/large', 'openai/large'] },
    {
      given: ['openai/large', 'openai/small', 'vscode/one'],
      gets: ['openai/large', 'openai/small'],
    },
    { given: [null, 'openai/small', 'vscode/one'], gets: ['vscode/one', 'openai/small'] },
    { given: ['sampling', 'caller', 'vscode/one'], gets: ['vscode/one', 'vscode/one'] },
    { given: ['caller', null, null], gets: [null, null] },
  ] as const;
  for (const { given, gets } of cases) {
    const [model, subtaskModel, fallback] = given;
    it(`are ${gets.join(', ')} where ${given.join(', ')} are configured and chosen`, () => {
      const run = toRunModels({ model, subtaskModel }, fallback);
      assert.deepStrictEqual([run.model, run.subModel], gets);
    });
  }
});
