// Where settings, keys and the environment meet: who wins, and which server gets which key.

import assert from 'node:assert/strict';
import { RlmError } from '../../../../src/core/errors';
import {
  type ConfigurationSources,
  checkKey,
  readModelSettings,
} from '../../../../src/extension/models/modelConfiguration';

const blank = { loop: '', subtask: '', openaiBaseUrl: '', openaiApi: 'auto', anthropicBaseUrl: '' };

function readFrom(
  given: Partial<ConfigurationSources['settings']>,
  env: ConfigurationSources['env'] = {},
  keys: Readonly<Record<string, string>> = {},
) {
  const settings = { ...blank, ...given };
  return readModelSettings({ settings, env, keys: { read: async (url) => keys[url] } });
}

describe('the configuration of models in the editor', () => {
  it('is the environment’s where no setting says otherwise', async () => {
    const env = {
      RLM_MODEL: 'openai/large',
      RLM_SUBTASK_MODEL: 'openai/small',
      OPENAI_API_KEY: 'sk-env',
      ANTHROPIC_BASE_URL: 'https://models.example',
    };
    const { setUpIn, model, subtaskModel, openAi, anthropic } = await readFrom({}, env);
    assert.deepStrictEqual(
      [setUpIn, model, subtaskModel, openAi, anthropic],
      [
        'editor',
        'openai/large',
        'openai/small',
        { apiKey: 'sk-env', baseUrl: null, api: 'auto' },
        { apiKey: null, baseUrl: 'https://models.example' },
      ],
    );
  });

  it('prefers settings and the keys that were entered', async () => {
    const given = { loop: ' vscode/maker/one ', subtask: 'anthropic/small', openaiApi: 'chat' };
    const env = { RLM_MODEL: 'openai/large', OPENAI_API_KEY: 'sk-env' };
    const keys = { 'https://api.openai.com/v1': 'sk-entered' };
    const { model, subtaskModel, openAi } = await readFrom(given, env, keys);
    assert.deepStrictEqual(
      [model, subtaskModel, openAi],
      ['vscode/maker/one', 'anthropic/small', { apiKey: 'sk-entered', baseUrl: null, api: 'chat' }],
    );
  });

  it('gives a key only to the server that it was entered for', async () => {
    const keys = {
      'https://api.openai.com/v1': 'sk-openai',
      'http://127.0.0.1:11434/v1': 'sk-local',
    };
    const keyOf = async (openaiBaseUrl: string): Promise<string | null> =>
      (await readFrom({ openaiBaseUrl }, {}, keys)).openAi.apiKey;
    assert.deepStrictEqual(
      [
        await keyOf(''),
        await keyOf('http://127.0.0.1:11434/v1'),
        await keyOf('https://evil.example'),
      ],
      ['sk-openai', 'sk-local', null],
    );
  });

  it('gives a key of the environment only to the server of the environment', async () => {
    const env = { OPENAI_API_KEY: 'sk-env', OPENAI_BASE_URL: 'https://models.example/v1' };
    const keyOf = async (openaiBaseUrl: string): Promise<string | null> =>
      (await readFrom({ openaiBaseUrl }, env)).openAi.apiKey;
    assert.deepStrictEqual(
      [
        await keyOf(''),
        await keyOf('https://models.example/v1'),
        await keyOf('https://evil.example'),
      ],
      ['sk-env', 'sk-env', null],
    );
  });

  const wrong = {
    loop: 'planted',
    subtask: 'planted/',
    openaiBaseUrl: 'https://planted:secret@models.example',
    anthropicBaseUrl: 'planted.example',
  };
  for (const [name, value] of Object.entries(wrong)) {
    it(`names rlm.models.${name} when it is wrong, and does not repeat its value`, async () => {
      await assert.rejects(
        readFrom({ [name]: value }),
        (thrown) =>
          thrown instanceof RlmError &&
          thrown.code === 'INVALID_INPUT' &&
          thrown.message.includes(`rlm.models.${name}`) &&
          !`${thrown.message} ${thrown.nextStep}`.includes(value),
      );
    });
  }

  it('takes keys that a header can carry', () => {
    const keys = [' sk-1\n', 'sk 1', 'sk-é', ''];
    assert.deepStrictEqual(
      keys.map((key) => checkKey(key) === undefined),
      [true, false, false, false],
    );
  });
});
