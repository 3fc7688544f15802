// What an environment says of models.

import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { parseModelSettings } from '../../../src/models/modelSettings';

describe('model settings of an environment', () => {
  it('take every variable, without the blanks around it', () => {
    const settings = parseModelSettings({
      RLM_MODEL: ' openai/google/gemma-3 ',
      RLM_SUBTASK_MODEL: 'sampling',
      RLM_MAX_ITERATIONS: '30',
      OPENAI_API_KEY: 'sk-1\n',
      OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1',
      ANTHROPIC_API_KEY: 'sk-ant-1',
      ANTHROPIC_BASE_URL: 'https://models.example/',
      PATH: '/bin',
    });
    assert.deepStrictEqual(settings, {
      setUpIn: 'environment',
      model: 'openai/google/gemma-3',
      subtaskModel: 'sampling',
      maxIterations: 30,
      openAi: { apiKey: 'sk-1', baseUrl: 'http://127.0.0.1:11434/v1', api: 'auto' },
      anthropic: { apiKey: 'sk-ant-1', baseUrl: 'https://models.example/' },
    });
  });

  it('are nothing where variables are missing or blank', () => {
    assert.deepStrictEqual(parseModelSettings({ RLM_MODEL: '', OPENAI_API_KEY: '  ' }), {
      setUpIn: 'environment',
      model: null,
      subtaskModel: null,
      maxIterations: null,
      openAi: { apiKey: null, baseUrl: null, api: 'auto' },
      anthropic: { apiKey: null, baseUrl: null },
    });
  });

  const wrong = {
    RLM_MODEL: 'planted',
    RLM_SUBTASK_MODEL: 'planted/',
    RLM_MAX_ITERATIONS: '101',
    OPENAI_API_KEY: 'sk-planted key',
    OPENAI_BASE_URL: 'https://planted:secret@models.example',
    ANTHROPIC_API_KEY: 'sk-ant-plantéd',
    ANTHROPIC_BASE_URL: 'models.example',
  };
  for (const [name, value] of Object.entries(wrong)) {
    it(`name ${name} when it is wrong, and do not repeat its value`, () => {
      assert.throws(
        () => parseModelSettings({ [name]: value }),
        (error) =>
          error instanceof RlmError &&
          error.code === 'INVALID_INPUT' &&
          error.message.includes(name) &&
          !`${error.message} ${error.nextStep}`.includes(value),
      );
    });
  }
});
