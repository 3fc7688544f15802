// Who is asked: by name, by configuration, by readiness.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { ModelRouter } from '../../../src/models/modelRouter';
import { type ModelSettings, parseModelSettings } from '../../../src/models/modelSettings';
import { createFakeProvider, createRequest } from '../../support/fakeProvider';

const nothing = parseModelSettings({});

function createRouter(
  settings: Partial<ModelSettings> = {},
  providers = ['caller', 'openai', 'sampling', 'vscode'].map((name) => createFakeProvider(name)),
): ModelRouter {
  return new ModelRouter({
    providers,
    readSettings: () => Promise.resolve({ ...nothing, ...settings }),
  });
}

async function findAnswering(
  router: ModelRouter,
  ...request: Parameters<typeof createRequest>
): Promise<string> {
  return (await router.answer(createRequest(...request), neverAborted)).model;
}

describe('the model router', () => {
  it('asks the provider that a name begins with; the rest is the model, slashes and all', async () => {
    const router = createRouter();
    assert.deepStrictEqual(
      [
        await findAnswering(router, { model: 'openai/gpt-5-mini' }),
        await findAnswering(router, { model: 'openai/google/gemma-3' }),
        await findAnswering(router, { model: 'sampling' }),
        await findAnswering(router, { model: 'caller' }),
      ],
      ['openai/gpt-5-mini', 'openai/google/gemma-3', 'sampling/its own', 'caller/its own'],
    );
  });

  it('sends a provider nothing but Unicode', async () => {
    const provider = createFakeProvider('openai');
    const messages = [{ role: 'user', text: 'a\ud83d' }] as const;
    await createRouter({}, [provider]).answer(
      createRequest({ model: 'openai/x', messages }),
      neverAborted,
    );
    assert.deepStrictEqual(
      provider.asked.map((request) => request.messages),
      [[{ role: 'user', text: 'a\ufffd' }]],
    );
  });

  it('refuses a provider that it does not know, naming those it does', async () => {
    for (const model of ['gpt-5', 'nobody/gpt-5', '/gpt-5', '', 'OpenAI/gpt-5']) {
      await assert.rejects(findAnswering(createRouter(), { model }), {
        code: 'INVALID_INPUT',
        nextStep: /caller, openai, sampling, vscode/u,
      });
    }
  });

  it('without a name asks what is configured for the purpose', async () => {
    const both = createRouter({ model: 'openai/large', subtaskModel: 'openai/small' });
    const one = createRouter({ model: 'openai/large' });
    const onlySub = createRouter({ subtaskModel: 'openai/small' });
    assert.deepStrictEqual(
      [
        await findAnswering(both, { purpose: 'loop' }),
        await findAnswering(both, { purpose: 'sub_call' }),
        await findAnswering(one, { purpose: 'sub_call' }),
        await findAnswering(onlySub, { purpose: 'loop' }),
      ],
      ['openai/large', 'openai/small', 'openai/large', 'vscode/its own'],
    );
  });

  it('without a name or configuration asks the first that is ready: editor, sampling, caller', async () => {
    const toProviders = (ready: readonly string[]) =>
      ['caller', 'openai', 'sampling', 'vscode'].map((name) =>
        createFakeProvider(name, { isReady: ready.includes(name) }),
      );
    const answering = async (...ready: string[]) =>
      findAnswering(createRouter({}, toProviders(ready)));
    assert.deepStrictEqual(
      [
        await answering('caller', 'openai', 'sampling', 'vscode'),
        await answering('caller', 'openai', 'sampling'),
        await answering('caller', 'openai'),
      ],
      ['vscode/its own', 'sampling/its own', 'caller/its own'],
    );
    await assert.rejects(answering('openai'), {
      code: 'MODEL_UNAVAILABLE',
      nextStep: /RLM_MODEL=provider\/model with OPENAI_API_KEY/u,
    });
  });

  it('says which half of the setup is missing', async () => {
    const providers = [createFakeProvider('openai')];
    const openAi = { apiKey: null, baseUrl: 'http://127.0.0.1:1', api: 'auto' } as const;
    await assert.rejects(findAnswering(createRouter({ openAi }, providers)), {
      code: 'MODEL_UNAVAILABLE',
      nextStep: /^openai is set up: set RLM_MODEL=openai\/MODEL too/u,
    });
  });

  it('names the editor’s command where models are set up in the editor', async () => {
    const router = createRouter({ setUpIn: 'editor' }, [createFakeProvider('openai')]);
    await assert.rejects(findAnswering(router), { nextStep: /“RLM: Choose Models…”/u });
  });

  it('asks nobody once the call is cancelled', async () => {
    const provider = createFakeProvider('openai');
    const router = createRouter({}, [provider]);
    const request = createRequest({ model: 'openai/any' });
    await assert.rejects(router.answer(request, AbortSignal.abort()), { code: 'CANCELLED' });
    assert.deepStrictEqual(provider.asked, []);
  });

  it('shows one status per provider', async () => {
    const statuses = await createRouter().readStatus();
    assert.deepStrictEqual(
      statuses.map(({ provider }) => provider),
      ['caller', 'openai', 'sampling', 'vscode'],
    );
  });
});
