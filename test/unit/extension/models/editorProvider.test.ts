// The editor's models as a provider: who may be asked, what an answer says, and how it ends.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import { EditorProvider } from '../../../../src/extension/models/editorProvider';
import type { EditorModel } from '../../../../src/extension/models/editorModel';
import {
  createApprovals,
  createFakeEditorModel,
  createModelError,
} from '../../../support/fakeEditorModel';
import { FakeClock } from '../../../support/fakeClock';
import { createRequest } from '../../../support/fakeProvider';

async function createProvider(models: readonly EditorModel[], ...vendors: readonly string[]) {
  const approvals = await createApprovals(...vendors);
  const clock = new FakeClock();
  const provider = new EditorProvider({ models: { list: async () => models }, approvals, clock });
  return { provider, approvals, clock };
}

describe('the editor’s models as a provider', () => {
  it('answer with the text of their stream and the tokens of their own tokenizer, marked as estimated', async () => {
    const model = createFakeEditorModel();
    const { provider } = await createProvider([model], 'maker');
    const pieces: string[] = [];
    const messages = [
      { role: 'system', text: 'Be short.' },
      { role: 'user', text: 'How many are there?' },
    ] as const;
    const request = createRequest({ messages, onText: (piece) => pieces.push(piece) });
    assert.deepStrictEqual(await provider.answer(request, neverAborted), {
      text: 'four words as answer',
      model: 'vscode/maker/one',
      promptTokens: 6,
      answerTokens: 4,
      tokensEstimated: true,
      costUsd: null,
    });
    assert.deepStrictEqual(pieces, ['four ', 'words ', 'as ', 'answer']);
    assert.deepStrictEqual(model.asked, [messages]);
  });

  it('are found by vendor and id, by id, and by family', async () => {
    const models = [
      createFakeEditorModel({ vendor: 'other', id: 'one', family: 'x' }),
      createFakeEditorModel({ id: 'a/b', family: 'letters' }),
      createFakeEditorModel({ id: 'one', family: 'ones' }),
    ];
    const { provider } = await createProvider(models, 'maker', 'other');
    const names = ['maker/one', 'one', 'a/b', 'letters', 'ones'];
    const found = names.map(
      async (model) => (await provider.answer(createRequest({ model }), neverAborted)).model,
    );
    assert.deepStrictEqual(await Promise.all(found), [
      'vscode/maker/one',
      'vscode/other/one',
      'vscode/maker/a/b',
      'vscode/maker/a/b',
      'vscode/maker/one',
    ]);
  });

  it('by default are the one that was approved last, else any of an approved vendor', async () => {
    const models = ['one', 'two', 'three'].map((id) => createFakeEditorModel({ id }));
    const { provider, approvals } = await createProvider(models, 'maker');
    const askDefault = async (): Promise<string> =>
      (await provider.answer(createRequest(), neverAborted)).model;
    await approvals.add({ vendor: 'maker', id: 'three' });
    assert.equal(await askDefault(), 'vscode/maker/three');
    await approvals.add({ vendor: 'maker', id: 'gone' });
    assert.equal(await askDefault(), 'vscode/maker/three');
  });

  it('are not asked before a person has allowed it, and say which command does that', async () => {
    const model = createFakeEditorModel();
    const { provider } = await createProvider([model]);
    for (const name of ['maker/one', null]) {
      await assert.rejects(provider.answer(createRequest({ model: name }), neverAborted), {
        code: 'MODEL_UNAVAILABLE',
        nextStep: /RLM: Choose Models…/u,
      });
    }
    assert.deepStrictEqual([model.asked, await provider.isReady()], [[], false]);
  });

  it('are not asked either where the editor says no, whatever was allowed before', async () => {
    const model = createFakeEditorModel({ isAllowed: false });
    const { provider } = await createProvider([model], 'maker');
    await assert.rejects(provider.answer(createRequest({ model: 'one' }), neverAborted), {
      code: 'MODEL_UNAVAILABLE',
    });
    assert.deepStrictEqual([model.asked, await provider.isReady()], [[], false]);
  });

  it('are told apart from those the editor does not have', async () => {
    const { provider } = await createProvider([createFakeEditorModel()], 'maker');
    await assert.rejects(provider.answer(createRequest({ model: 'maker/two' }), neverAborted), {
      code: 'INVALID_INPUT',
      nextStep: /vscode\/maker\/one/u,
    });
  });

  const failures = [
    { code: 'NoPermissions', as: 'MODEL_UNAVAILABLE', nextStep: /Choose Models/u },
    { code: 'Blocked', as: 'MODEL_UNAVAILABLE', nextStep: /quota/u },
    { code: 'NotFound', as: 'INVALID_INPUT', nextStep: /Choose another/u },
    { code: 'Unknown', as: 'MODEL_UNAVAILABLE', nextStep: /later/u },
  ] as const;
  for (const { code, as, nextStep } of failures) {
    it(`fail as ${as} where the editor says ${code}`, async () => {
      const failure = createModelError(code, 'No.\n'.repeat(1_000));
      const { provider } = await createProvider([createFakeEditorModel({ failure })], 'maker');
      await assert.rejects(provider.answer(createRequest(), neverAborted), (thrown: Error) => {
        assert.ok('code' in thrown && 'nextStep' in thrown);
        assert.deepStrictEqual([thrown.code, thrown.message.length < 500], [as, true]);
        assert.match(String(thrown.nextStep), nextStep);
        return true;
      });
    });
  }

  it('count as not allowed once the editor has refused them', async () => {
    const failure = createModelError('NoPermissions', 'No.');
    const { provider } = await createProvider([createFakeEditorModel({ failure })], 'maker');
    await assert.rejects(provider.answer(createRequest(), neverAborted));
    assert.equal(await provider.isReady(), false);
  });

  it('end their request when the call is cancelled, without waiting for them', async () => {
    const model = createFakeEditorModel({ until: new Promise(() => undefined) });
    const { provider } = await createProvider([model], 'maker');
    const controller = new AbortController();
    const request = createRequest({ onText: () => controller.abort() });
    await assert.rejects(provider.answer(request, controller.signal), { code: 'CANCELLED' });
    assert.equal(model.signals[0]?.aborted, true);
  });

  it('end their request when they say nothing for minutes', async () => {
    const model = createFakeEditorModel({ pieces: ['.'], until: new Promise(() => undefined) });
    const { provider, clock } = await createProvider([model], 'maker');
    const request = createRequest({ onText: () => clock.advance(300_000) });
    await assert.rejects(provider.answer(request, neverAborted), {
      code: 'MODEL_UNAVAILABLE',
      message: /300 s/u,
    });
    assert.equal(model.signals[0]?.aborted, true);
  });

  it('give no more than the tokens that an answer may take', async () => {
    const model = createFakeEditorModel({ pieces: Array.from({ length: 100 }, () => 'abcd') });
    const { provider } = await createProvider([model], 'maker');
    const { text } = await provider.answer(createRequest({ maxAnswerTokens: 10 }), neverAborted);
    assert.equal(text.length, 40);
    assert.equal(model.signals[0]?.aborted, true);
  });

  it('are not sent a prompt that is too long for them', async () => {
    const model = createFakeEditorModel({ maxInputTokens: 1 });
    const { provider } = await createProvider([model], 'maker');
    await assert.rejects(provider.answer(createRequest(), neverAborted), { code: 'INVALID_INPUT' });
    assert.deepStrictEqual(model.asked, []);
  });

  it('are estimated where they cannot count', async () => {
    const countTokens = async (): Promise<number> => {
      throw new Error('no tokenizer');
    };
    const { provider } = await createProvider([createFakeEditorModel({ countTokens })], 'maker');
    const { promptTokens, answerTokens } = await provider.answer(createRequest(), neverAborted);
    assert.deepStrictEqual([promptTokens, answerTokens], [3, 5]);
  });

  it('show in the status which of them may be asked', async () => {
    const models = [createFakeEditorModel(), createFakeEditorModel({ vendor: 'other' })];
    const one = await createProvider(models, 'maker');
    const none = await createProvider(models);
    const empty = await createProvider([]);
    const statuses = [one, none, empty].map(async ({ provider }) => {
      const { state, detail, models: names } = await provider.readStatus();
      return [state, detail, ...names];
    });
    assert.deepStrictEqual(await Promise.all(statuses), [
      ['ready', '1 of the editor’s 2 models may be asked', 'vscode/maker/one'],
      ['off', 'the editor has 2; allow one with “RLM: Choose Models…”'],
      ['off', 'the editor has no language models'],
    ]);
  });
});
