import assert from 'node:assert/strict';
import type { CallMost } from '../../../../src/core/agent/masking';
import { ModelNarrator } from '../../../../src/core/agent/narrator';
import { RlmError } from '../../../../src/core/errors';
import type { ModelAnswer, ModelRequest } from '../../../../src/core/model';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const never = new AbortController().signal;
const ended = { kind: 'turnEnded', status: 'completed', error: null } as const;

interface Asked {
  readonly requests: ModelRequest[];
  readonly reserved: number[];
  readonly settled: (readonly [number, number | null])[];
}

/** What it says, and what it asked, reserved and used. */
async function narrate(
  answer: (request: ModelRequest) => ModelAnswer,
  { name = 'fake/one', hasRoom = true }: { name?: string | null; hasRoom?: boolean } = {},
): Promise<Asked & { readonly text: string | null }> {
  const asked: Asked = { requests: [], reserved: [], settled: [] };
  const model = {
    answer: async (request: ModelRequest) => {
      asked.requests.push(request);
      return answer(request);
    },
  };
  const meter = {
    admit: async ({ tokens }: CallMost) => {
      asked.reserved.push(tokens);
      const settleUsed = (used: number, usd: number | null): void =>
        void asked.settled.push([used, usd]);
      return hasRoom ? { settle: settleUsed } : null;
    },
  };
  const origin = { sessionId: 'run-1', title: 'A', depth: 0 };
  const text = await new ModelNarrator(model, async () => name).narrate(
    { facts: 'It ran npm test.', task: 'Mend it', origin, meter },
    never,
  );
  return { ...asked, text };
}

const said: ModelAnswer = {
  ...{ text: ' It mended it. ', model: 'fake/one', promptTokens: 30, answerTokens: 5 },
  ...{ tokensEstimated: false, costUsd: 0.01 },
};

describe('ModelNarrator', () => {
  it('says what a model makes of the facts, whose words they are, and settles what it took', async () => {
    const { text, requests, reserved, settled } = await narrate(() => said);
    assert.deepStrictEqual(
      [text, settled],
      ['In the words of fake/one: It mended it.', [[35, 0.01]]],
    );
    const [request] = requests;
    assert.match(request?.messages.at(-1)?.text ?? '', /Mend it[^]*It ran npm test\./u);
    assert.ok((reserved[0] ?? 0) > (request?.maxAnswerTokens ?? Infinity));
  });

  it('asks nobody where no model is named or the budget has no room', async () => {
    const results = [
      await narrate(() => said, { name: null }),
      await narrate(() => said, { hasRoom: false }),
    ];
    assert.deepStrictEqual(
      results.map(({ text, requests }) => [text, requests.length]),
      [
        [null, 0],
        [null, 0],
      ],
    );
  });

  it('is silent where the model fails, and settles what failed attempts took', async () => {
    const { text, settled } = await narrate((request) => {
      request.onSpent?.({
        promptTokens: 9,
        answerTokens: 1,
        tokensEstimated: false,
        costUsd: null,
      });
      throw new RlmError('MODEL_UNAVAILABLE', 'Down.', { nextStep: 'Start it.' });
    });
    assert.deepStrictEqual([text, settled], [null, [[10, null]]]);
  });
});

describe('the summaries of a run', () => {
  it('have the facts at once, and then a model’s words where one is set up', async () => {
    const agents = new FakeAgents(2, [createProfile()]);
    agents.narrate = ({ task }) => `In the words of fake/one: it did ${task}.`;
    const run = await agents.runs.spawn(createSpawn({ task: 'the thing' }), { kind: 'person' });
    await settle();
    agents.threadOf(run.id).happen(ended);
    await settle();
    const summaries = (await agents.readEvents(run.id)).filter(
      (event) => event.kind === 'agent.summarized',
    );
    const words = 'In the words of fake/one: it did the thing.';
    assert.deepStrictEqual(
      [run.status, summaries.map(({ narrative }) => narrative)],
      ['completed', [null, words]],
    );
    assert.deepStrictEqual(summaries[0]?.facts, summaries[1]?.facts);
    assert.deepStrictEqual((await agents.runs.read(run.id)).narrative, words);
    await agents.runs.close();
  });

  it('are whole without a model, and nothing is written once the trace is closed', async () => {
    const agents = new FakeAgents(2, [createProfile()]);
    const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
    await settle();
    let say: (text: string) => void = () => undefined;
    agents.narrate = () => new Promise((resolve) => (say = resolve));
    await agents.runs.terminate(run.id, 'enough');
    await settle();
    say('too late');
    await settle();
    const events = await agents.readEvents(run.id);
    const narratives = events.map((event) =>
      event.kind === 'agent.summarized' ? event.narrative : null,
    );
    assert.ok(events.some(({ kind }) => kind === 'agent.summarized'));
    assert.ok(narratives.every((narrative) => narrative === null));
    assert.deepStrictEqual((await agents.runs.read(run.id)).status, 'terminated');
    await agents.runs.close();
  });
});
