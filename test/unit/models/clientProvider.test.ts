// Models on the other side of a call.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import type { ModelClient } from '../../../src/core/model';
import { createClientProviders } from '../../../src/models/clientProvider';
import { createRequest, toAnswer } from '../../support/fakeProvider';

const client: ModelClient = {
  sample: async () => toAnswer('gpt-5-mini'),
  ask: async () => toAnswer('caller/codex'),
};
const silent: ModelClient = { sample: null, ask: null };

describe('providers on the client’s side', () => {
  it('are ready where the client offers them', async () => {
    const states = createClientProviders().map(async (provider) => [
      provider.name,
      await provider.isReady(client),
      await provider.isReady(silent),
      await provider.isReady(null),
    ]);
    assert.deepStrictEqual(await Promise.all(states), [
      ['sampling', true, false, false],
      ['caller', true, false, false],
    ]);
  });

  it('answer by the client, under their own name', async () => {
    const models = createClientProviders().map(async (provider) => {
      const answer = await provider.answer(createRequest({ client }), neverAborted);
      return answer.model;
    });
    assert.deepStrictEqual(await Promise.all(models), ['sampling/gpt-5-mini', 'caller/codex']);
  });

  it('are unavailable where there is no such client', async () => {
    for (const provider of createClientProviders()) {
      for (const one of [silent, null]) {
        const asked = provider.answer(createRequest({ client: one }), neverAborted);
        await assert.rejects(asked, { code: 'MODEL_UNAVAILABLE' });
      }
    }
  });
});
