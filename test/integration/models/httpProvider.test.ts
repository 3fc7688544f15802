// Providers behind HTTP, by their own clients against a server on loopback: answers, retries, broken
// streams, cancellation, time-outs, errors, reachability.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { RlmError } from '../../../src/core/errors';
import type { ModelProvider, ModelRequest, ModelUsage } from '../../../src/core/model';
import { createOpenAiClient } from '../../../src/models/openAiClient';
import { createHttpProviders } from '../../../src/models/httpProvider';
import { type ModelSettings, parseModelSettings } from '../../../src/models/modelSettings';
import { FakeClock } from '../../support/fakeClock';
import {
  type FakeModelServer,
  type Protocol,
  type Received,
  type Reply,
  startFakeModelServer,
} from '../../support/fakeModelServer';
import { createRequest } from '../../support/fakeProvider';

const key = 'sk-planted-7d20c';
const prompt = 'How many planted words are there?';
const protocols: readonly Protocol[] = ['responses', 'chat', 'messages'];
const answer = { kind: 'answer', pieces: ['Two', ' of', ' them.'] } as const;

describe('providers behind HTTP', function () {
  this.timeout(60_000);
  let server: FakeModelServer;
  let clock: FakeClock;
  let settings: ModelSettings;
  let waits: number[];
  /** What a wait before another attempt does. */
  let onWait: () => void;
  let providers: readonly ModelProvider[];

  beforeEach(async () => {
    server = await startFakeModelServer();
    clock = new FakeClock();
    waits = [];
    onWait = () => undefined;
    settings = toSettings(key);
    providers = createHttpProviders({
      readSettings: async () => settings,
      loadClients: () => import('../../../src/models/httpClients'),
      clock,
      wait: async (delayMs, signal) => {
        waits.push(delayMs);
        onWait();
        signal.throwIfAborted();
      },
    });
  });
  afterEach(() => server.close());

  function toSettings(apiKey: string | null): ModelSettings {
    return {
      ...parseModelSettings({}),
      openAi: { apiKey, baseUrl: `${server.url}/v1`, api: 'auto' },
      anthropic: { apiKey, baseUrl: server.url },
    };
  }

  function find(protocol: Protocol): ModelProvider {
    const api = protocol === 'responses' ? 'responses' : 'auto';
    settings = { ...settings, openAi: { ...settings.openAi, api } };
    const name = protocol === 'messages' ? 'anthropic' : 'openai';
    const provider = providers.find((one) => one.name === name);
    assert.ok(provider);
    return provider;
  }

  interface Asked {
    readonly signal?: AbortSignal;
    readonly onSpent?: ModelRequest['onSpent'];
    readonly onText?: (piece: string) => void;
  }

  function ask(protocol: Protocol, replies: readonly Reply[], asked: Asked = {}) {
    server.replies.push(...replies);
    const request = createRequest({
      messages: [
        { role: 'system', text: 'Be brief.' },
        { role: 'user', text: prompt },
      ],
      model: 'org/small',
      ...(asked.onText ? { onText: asked.onText } : {}),
      ...(asked.onSpent ? { onSpent: asked.onSpent } : {}),
    });
    return find(protocol).answer(request, asked.signal ?? neverAborted);
  }

  async function failToAsk(protocol: Protocol, ...replies: readonly Reply[]): Promise<RlmError> {
    try {
      await ask(protocol, replies);
    } catch (thrown) {
      assert.ok(thrown instanceof RlmError);
      const told = `${thrown.message} ${thrown.nextStep} ${thrown.stack ?? ''} ${String(thrown.cause)}`;
      assert.ok(!told.includes(key) && !told.includes(prompt), told);
      return thrown;
    }
    return assert.fail('it answered');
  }

  for (const protocol of protocols) {
    describe(protocol, () => {
      const provider = protocol === 'messages' ? 'anthropic' : 'openai';

      it('answers in pieces and as a whole, with the usage that the server gives', async () => {
        const pieces: string[] = [];
        const given = await ask(protocol, [answer], { onText: (piece) => pieces.push(piece) });
        assert.deepStrictEqual(pieces, answer.pieces);
        assert.deepStrictEqual(given, {
          text: 'Two of them.',
          model: `${provider}/org/small`,
          promptTokens: 7,
          answerTokens: 2,
          tokensEstimated: false,
          costUsd: null,
        });
      });

      it('asks in the words of the protocol', async () => {
        await ask(protocol, [answer]);
        const [request] = server.received;
        assert.ok(request);
        assert.deepStrictEqual(toEssence(request), expectedRequests[protocol]);
      });

      it('sends no key where none is needed', async () => {
        settings = toSettings(null);
        await ask(protocol, [answer]);
        const { authorization, 'x-api-key': apiKey } = server.received[0]?.headers ?? {};
        assert.deepStrictEqual([authorization, apiKey], [undefined, undefined]);
      });

      it('estimates tokens, and says so, where the server counts none', async () => {
        const given = await ask(protocol, [{ ...answer, usage: null }]);
        const { promptTokens, answerTokens, tokensEstimated } = given;
        assert.deepStrictEqual([promptTokens, answerTokens, tokensEstimated], [12, 3, true]);
      });

      it('waits as long as the server says before it asks again', async () => {
        const seconds = { 'Retry-After': '7' };
        const ms = { 'Retry-After-Ms': '1500' };
        const given = await ask(protocol, [
          { kind: 'refusal', status: 429, headers: seconds },
          { kind: 'refusal', status: 503, headers: ms },
          answer,
        ]);
        assert.deepStrictEqual([given.text, waits], ['Two of them.', [7_000, 1_500]]);
        assert.deepStrictEqual([given.promptTokens, given.tokensEstimated], [7, false]);
      });

      it('waits longer each time where the server says nothing, and gives up', async () => {
        const { code, message } = await failToAsk(protocol);
        assert.deepStrictEqual([code, server.received.length], ['MODEL_UNAVAILABLE', 3]);
        assert.match(message, /answered 500/u);
        const [first = 0, second = 0] = waits;
        assert.ok(first >= 375 && first <= 500 && second >= 750 && second <= 1_000);
      });

      it('passes on how long to wait where that is too long', async () => {
        const headers = { 'Retry-After': '3600' };
        const error = await failToAsk(protocol, { kind: 'refusal', status: 429, headers });
        assert.deepStrictEqual([error.code, waits], ['MODEL_UNAVAILABLE', []]);
        assert.match(error.nextStep, /in 3600 s/u);
      });

      for (const kind of ['broken', 'ended'] as const) {
        it(`asks again when a stream is ${kind}, counts both, and shows nothing twice`, async () => {
          const pieces: string[] = [];
          const onText = (piece: string) => pieces.push(piece);
          const cut = { kind, pieces: ['Two', ' or'] };
          const given = await ask(protocol, [cut, answer], { onText });
          assert.deepStrictEqual([given.text, pieces], ['Two of them.', ['Two', ' or']]);
          const known = protocol === 'messages'; // it counts the prompt at the start
          assert.deepStrictEqual(
            [given.promptTokens, given.answerTokens, given.tokensEstimated],
            [known ? 7 + 7 : 12 + 7, 2 + 2, true],
          );
        });
      }

      it('gives up on streams that are cut each time', async () => {
        const cut = { kind: 'broken', pieces: ['Two'] } as const;
        const { code } = await failToAsk(protocol, cut, cut, cut);
        assert.deepStrictEqual([code, server.received.length], ['MODEL_UNAVAILABLE', 3]);
      });

      it('asks again after a cut stream for what the budget has left, and not beyond it', async () => {
        const cut = { kind: 'broken', pieces: ['Two', ' or'] } as const;
        const spent: ModelUsage[] = [];
        const onSpent = (usage: ModelUsage): number | null => {
          spent.push(usage);
          return spent.length === 1 ? 41 : null;
        };
        const asked = ask(protocol, [cut, cut, answer], { onSpent });
        await assert.rejects(asked, { code: 'MODEL_UNAVAILABLE', message: /broke off/u });
        const limits = server.received.map(({ body }) => readAnswerLimit(body));
        const prompt = protocol === 'messages' ? 7 : 12;
        assert.deepStrictEqual(
          [limits, spent.map(({ promptTokens, answerTokens }) => [promptTokens, answerTokens])],
          [
            [100, 41],
            [
              [prompt, 2],
              [prompt * 2, 4],
            ],
          ],
        );
      });

      it('says of an answer that was cut what cut it', async () => {
        const given = await ask(protocol, [{ kind: 'answer', pieces: ['Two'], isLimited: true }]);
        assert.deepStrictEqual([given.text, given.cutBy], ['Two', 'tokens']);
        assert.equal((await ask(protocol, [answer])).cutBy, undefined);
      });

      it('does not take for whole what an error ended, whatever mark the stream ends by', async () => {
        const broken = {
          kind: 'error',
          pieces: ['The total is 1'],
          code: 'invalid_prompt',
          isMarked: true,
        } as const;
        const { code } = await failToAsk(protocol, broken);
        assert.equal(code, 'MODEL_UNAVAILABLE');
      });

      it('says when reasoning has taken all tokens of the answer, and what they were', async () => {
        const spent: ModelUsage[] = [];
        const onSpent = (usage: ModelUsage): null => {
          spent.push(usage);
          return null;
        };
        const usage = { prompt: 7, answer: 100 };
        const reply = { kind: 'answer', pieces: [' '], isLimited: true, usage } as const;
        const asked = ask(protocol, [reply], { onSpent });
        await assert.rejects(asked, (thrown) => {
          assert.ok(thrown instanceof RlmError);
          assert.match(thrown.message, /took all 100 tokens of its answer for reasoning/u);
          assert.match(thrown.nextStep, /Ask for less/u);
          return thrown.code === 'MODEL_UNAVAILABLE';
        });
        assert.deepStrictEqual(
          [spent.map(({ answerTokens }) => answerTokens), server.received.length],
          [[100], 1],
        );
        const short = await ask(protocol, [{ ...reply, pieces: ['Two'] }]);
        assert.deepStrictEqual([short.text, short.cutBy], ['Two', 'tokens']);
      });

      it('asks again after an error inside the stream that will pass, and only then', async () => {
        const passing = protocol === 'messages' ? 'overloaded_error' : 'server_error';
        const given = await ask(protocol, [{ kind: 'error', pieces: [], code: passing }, answer]);
        assert.equal(given.text, 'Two of them.');
        const wrong = { kind: 'error', pieces: ['T'], code: 'invalid_prompt' } as const;
        const { code, message } = await failToAsk(protocol, wrong);
        assert.deepStrictEqual([code, server.received.length], ['MODEL_UNAVAILABLE', 3]);
        assert.match(message, /It broke\./u);
      });

      it('asks again where the error inside the stream is the status of a server that fails', async () => {
        const given = await ask(protocol, [{ kind: 'error', pieces: [], code: '502' }, answer]);
        assert.equal(given.text, 'Two of them.');
        const { message } = await failToAsk(protocol, { kind: 'error', pieces: [], code: '422' });
        assert.deepStrictEqual(server.received.length, 3);
        assert.match(message, /422/u);
      });

      it('sends no headers that only the environment of the client names', async () => {
        const names = ['OPENAI_CUSTOM_HEADERS', 'ANTHROPIC_CUSTOM_HEADERS'];
        for (const name of names) {
          process.env[name] = 'X-Planted: 1\nAuthorization: planted';
        }
        try {
          await ask(protocol, [answer]);
          const [received] = server.received;
          assert.deepStrictEqual(
            [received?.headers['x-planted'], received?.headers.authorization],
            [undefined, `Bearer ${key}`],
          );
        } finally {
          names.forEach((name) => delete process.env[name]);
        }
      });

      it('hangs up when the call is cancelled, and does not ask again', async () => {
        const cancel = new AbortController();
        const hungUp = server.waitForHangUp();
        const asked = ask(protocol, [{ kind: 'stalled', pieces: ['Two'] }, answer], {
          signal: cancel.signal,
          onText: () => cancel.abort(),
        });
        await assert.rejects(asked, { code: 'CANCELLED' });
        await hungUp;
        assert.equal(server.received.length, 1);
      });

      it('stops waiting when the call is cancelled', async () => {
        const cancel = new AbortController();
        onWait = () => cancel.abort();
        const headers = { 'Retry-After': '30' };
        const refusal = { kind: 'refusal', status: 429, headers } as const;
        const asked = ask(protocol, [refusal, answer], { signal: cancel.signal });
        await assert.rejects(asked, { code: 'CANCELLED' });
        assert.equal(server.received.length, 1);
      });

      it('hangs up on a server that falls silent', async () => {
        const hungUp = server.waitForHangUp();
        const onText = () => clock.advance(300_000);
        const asked = ask(protocol, [{ kind: 'stalled', pieces: ['Two'] }], { onText });
        await assert.rejects(asked, { code: 'MODEL_UNAVAILABLE', message: /300 s/u });
        await hungUp;
        assert.equal(server.received.length, 1);
      });

      it('waits for a slow server that shows signs of life', async () => {
        const onText = () => clock.advance(190_000);
        assert.equal((await ask(protocol, [answer], { onText })).text, 'Two of them.');
      });

      it('hangs up on an answer that never comes to its end', async () => {
        const pieces = ['1', '2', '3', '4'];
        const onText = () => clock.advance(190_000);
        const asked = ask(protocol, [{ kind: 'stalled', pieces }], { onText });
        await assert.rejects(asked, { code: 'MODEL_UNAVAILABLE', message: /600 s/u });
      });

      it('tells what to do about each refusal', async () => {
        const refuse = async (status: number, error: object) => {
          const { code, nextStep } = await failToAsk(protocol, {
            kind: 'refusal',
            status,
            body: { type: 'error', error },
          });
          return [
            code,
            nextStep
              .split(/[ :;,]/u)
              .slice(0, 3)
              .join(' '),
          ];
        };
        const keyName = protocol === 'messages' ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY';
        const urlName = protocol === 'messages' ? 'ANTHROPIC_BASE_URL' : 'OPENAI_BASE_URL';
        assert.deepStrictEqual(
          [
            await refuse(401, { message: `Wrong key ${key}, sk-pla*******d20c; ask: ${prompt}` }),
            await refuse(404, { message: 'model: org/small' }),
            await refuse(404, { message: 'no such page' }),
            await refuse(400, { message: 'prompt is too long: 9 tokens > 8 maximum' }),
            await refuse(413, { message: 'request too large' }),
            await refuse(402, { message: 'pay first' }),
            await refuse(400, { message: 'unknown parameter' }),
          ],
          [
            ['MODEL_UNAVAILABLE', `Check ${keyName} `],
            ['INVALID_INPUT', 'Name a model'],
            ['MODEL_UNAVAILABLE', `Check ${urlName} `],
            ['INVALID_INPUT', 'Ask with less'],
            ['INVALID_INPUT', 'Ask with less'],
            ['MODEL_UNAVAILABLE', 'Check the plan'],
            ['MODEL_UNAVAILABLE', 'Change what the'],
          ],
        );
        assert.equal(server.received.length, 7);
      });

      it('keeps keys, prompts and long texts of the server out of errors', async () => {
        const said = `Key ${key} (sk-pla*****20c), Bearer abc.def, in: ${prompt} ${'x'.repeat(2_000)}`;
        const body = { type: 'error', error: { message: said } };
        const { message } = await failToAsk(protocol, { kind: 'refusal', status: 400, body });
        assert.match(message, /Key \[key\] \(\[key\]\), Bearer \[key\] in: \[hidden\] x+…$/u);
        assert.ok(message.length < 400);
      });

      it('needs a server that can be reached and speaks the protocol', async () => {
        const { url } = server;
        await server.close();
        const gone = await failToAsk(protocol);
        assert.deepStrictEqual([gone.code, waits.length], ['MODEL_UNAVAILABLE', 2]);
        assert.match(gone.message, new RegExp(`${url}.*ECONNREFUSED`, 'u'));
        server = await startFakeModelServer();
        settings = toSettings(key);
        const page = { kind: 'refusal', status: 200, body: 'a page' } as const;
        const { code, nextStep } = await failToAsk(protocol, page);
        assert.deepStrictEqual([code, server.received.length], ['MODEL_UNAVAILABLE', 1]);
        assert.match(nextStep, /_BASE_URL/u);
      });
    });
  }

  const odd = [
    ['chat', 'only a mark'],
    ['responses', 'only a mark'],
    ['messages', 'without its last event'],
  ] as const;
  for (const [protocol, ending] of odd) {
    it(`takes an answer for whole whose end is told ${ending} (${protocol})`, async () => {
      const given = await ask(protocol, [{ ...answer, ending }]);
      assert.deepStrictEqual([given.text, server.received.length], ['Two of them.', 1]);
    });
  }

  it('names the limit of an answer as the server wants it', async () => {
    const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
    const body = { error: { message, param: 'max_tokens', code: 'unsupported_parameter' } };
    const given = await ask('chat', [{ kind: 'refusal', status: 400, body }, answer]);
    assert.equal(given.text, 'Two of them.');
    assert.deepStrictEqual(
      server.received.map((one) => [one.body['max_tokens'], one.body['max_completion_tokens']]),
      [
        [100, undefined],
        [undefined, 100],
      ],
    );
  });

  for (const [baseUrl, protocol] of [
    [null, 'responses'],
    ['https://api.openai.com/v1', 'responses'],
    ['https://eu.api.openai.com/v1/', 'responses'],
    ['https://api.openai.com.example/v1', 'chat'],
    ['http://127.0.0.1:1/v1', 'chat'],
  ] as const) {
    it(`speaks ${protocol} to ${baseUrl ?? 'the usual address'}`, () => {
      const client = createOpenAiClient({ apiKey: key, baseUrl, api: 'auto' });
      assert.equal(client.protocol, protocol);
    });
  }

  it('asks no more where the account is empty', async () => {
    const body = { error: { message: 'quota', code: 'insufficient_quota' } };
    await failToAsk('chat', { kind: 'refusal', status: 429, body });
    assert.deepStrictEqual([server.received.length, waits], [1, []]);
  });

  it('takes the cost that a server gives', async () => {
    const usage = { prompt: 7, answer: 2, costUsd: 0.0125 };
    assert.equal((await ask('chat', [{ ...answer, usage }])).costUsd, 0.0125);
  });

  it('counts what came from a cache as part of the prompt', async () => {
    const usage = { prompt: 1_000, answer: 2, cached: 900 };
    assert.equal((await ask('messages', [{ ...answer, usage }])).promptTokens, 1_000);
  });

  it('takes nothing from the environment', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      OPENAI_BASE_URL: 'http://127.0.0.1:1/elsewhere',
      OPENAI_ADMIN_KEY: 'planted-admin',
      OPENAI_ORG_ID: 'planted-org',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/elsewhere',
      ANTHROPIC_AUTH_TOKEN: 'planted-token',
    });
    try {
      for (const protocol of protocols) {
        await ask(protocol, [answer]);
      }
    } finally {
      for (const name of Object.keys(process.env).filter((one) => !(one in before))) {
        delete process.env[name];
      }
      Object.assign(process.env, before);
    }
    assert.equal(server.received.length, 3);
    assert.ok(!/planted-(admin|org|token)/u.test(JSON.stringify(server.received)));
  });

  it('needs a provider that is set up, and a model', async () => {
    const request = createRequest({ model: null });
    for (const provider of providers) {
      await assert.rejects(provider.answer(request, neverAborted), { code: 'INVALID_INPUT' });
    }
    settings = parseModelSettings({});
    for (const provider of providers) {
      assert.equal(await provider.isReady(null), false);
      await assert.rejects(provider.answer(request, neverAborted), { code: 'MODEL_UNAVAILABLE' });
    }
  });

  describe('status', () => {
    const readAll = () => Promise.all(providers.map((provider) => provider.readStatus()));

    it('is ready, with models, where the server lists them, and asks no model', async () => {
      assert.deepStrictEqual(await readAll(), [
        {
          provider: 'openai',
          state: 'ready',
          detail: `${server.url}/v1`,
          models: ['openai/small', 'openai/large'],
        },
        {
          provider: 'anthropic',
          state: 'ready',
          detail: `${server.url}/`,
          models: ['anthropic/small', 'anthropic/large'],
        },
      ]);
      assert.ok(server.received.every(({ method }) => method === 'GET'));
    });

    it('is asked of a server again after half a minute, or once settings change', async () => {
      await readAll();
      await readAll();
      assert.equal(server.received.length, 2);
      clock.advance(30_000);
      await readAll();
      assert.equal(server.received.length, 4);
      settings = toSettings('another');
      await readAll();
      assert.equal(server.received.length, 6);
    });

    it('shows at most 50 models', async () => {
      server.models = Array.from({ length: 60 }, (_, index) => `m${index}`);
      assert.deepStrictEqual(
        (await readAll()).map(({ models }) => models.length),
        [50, 50],
      );
    });

    it('is ready where a server has no list', async () => {
      server.models = null;
      const statuses = await readAll();
      assert.deepStrictEqual(
        statuses.map(({ state, models }) => [state, models]),
        [
          ['ready', []],
          ['ready', []],
        ],
      );
    });

    it('is off without a setup, and failing while the server is away', async () => {
      await server.close();
      const away = await readAll();
      settings = parseModelSettings({});
      const off = await readAll();
      assert.deepStrictEqual(
        [...away, ...off].map(({ state }) => state),
        ['failing', 'failing', 'off', 'off'],
      );
      assert.match(away[0]?.detail ?? '', /ECONNREFUSED/u);
      server = await startFakeModelServer();
    });

    it('is failing where settings are wrong', async () => {
      const [broken] = createHttpProviders({
        readSettings: async () => parseModelSettings({ OPENAI_BASE_URL: 'nowhere' }),
        loadClients: () => assert.fail('nothing is loaded for it'),
        clock,
        wait: () => assert.fail('nothing is waited for'),
      });
      const status = await broken?.readStatus();
      assert.equal(status?.state, 'failing');
      assert.match(status.detail, /OPENAI_BASE_URL/u);
    });
  });
});

/** What of a request tells one protocol from another. */
function toEssence({ method, path, headers, body }: Received): unknown {
  const { authorization, 'x-api-key': apiKey } = headers;
  return { method, path, authorization, apiKey, body };
}

const system = { role: 'system', content: 'Be brief.' };
const user = { role: 'user', content: prompt };
const expectedRequests: Readonly<Record<Protocol, unknown>> = {
  responses: {
    method: 'POST',
    path: '/v1/responses',
    authorization: `Bearer ${key}`,
    apiKey: undefined,
    body: {
      model: 'org/small',
      input: [system, user],
      max_output_tokens: 100,
      store: false,
      stream: true,
    },
  },
  chat: {
    method: 'POST',
    path: '/v1/chat/completions',
    authorization: `Bearer ${key}`,
    apiKey: undefined,
    body: {
      model: 'org/small',
      messages: [system, user],
      max_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
    },
  },
  messages: {
    method: 'POST',
    path: '/v1/messages',
    authorization: `Bearer ${key}`, // the client's own way since its version 1
    apiKey: undefined,
    body: {
      model: 'org/small',
      messages: [user],
      system: 'Be brief.',
      max_tokens: 100,
      stream: true,
    },
  },
};

/** Each protocol and kind of server has a name of its own for it. */
function readAnswerLimit(body: Received['body']): unknown {
  return body['max_output_tokens'] ?? body['max_tokens'] ?? body['max_completion_tokens'];
}
