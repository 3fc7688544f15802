import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EmbeddingClient, parseEmbeddingSettings } from '../../../src/models/embeddingClient';

const never = new AbortController().signal;

describe('EmbeddingClient', () => {
  let server: Server;
  let reply: { status: number; body: string; location?: string };
  let asked: { url: string | undefined; headers: IncomingHttpHeaders; body: unknown }[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { url, headers } = request;
        asked.push({ url, headers, body: JSON.parse(Buffer.concat(pieces).toString()) });
        response.writeHead(reply.status, reply.location ? { location: reply.location } : {});
        response.end(reply.body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const createClient = (apiKey: string | null = 'a-key'): EmbeddingClient => {
    const { port } = server.address() as AddressInfo; // it listens
    return new EmbeddingClient({ baseUrl: `http://127.0.0.1:${port}/v1/`, model: 'm', apiKey });
  };
  const data = (...rows: readonly (readonly [number, readonly number[]])[]): string =>
    JSON.stringify({ data: rows.map(([index, embedding]) => ({ index, embedding })) });

  it('asks by the protocol of OpenAI, and puts the vectors into the order of the texts', async () => {
    reply = { status: 200, body: data([1, [0, 1]], [0, [1, 0]]) };
    assert.deepStrictEqual(await createClient().embed(['a', 'b'], never), [
      [1, 0],
      [0, 1],
    ]);
    const [one] = asked;
    assert.deepStrictEqual(
      [one?.url, one?.headers.authorization, one?.body],
      ['/v1/embeddings', 'Bearer a-key', { model: 'm', input: ['a', 'b'] }],
    );
    await createClient(null).embed(['a', 'b'], never);
    assert.deepStrictEqual(asked[1]?.headers.authorization, undefined);
  });

  const wrong: readonly [string, () => typeof reply][] = [
    ['an error, whose words hold no key', () => ({ status: 401, body: 'no a-key-of-yours' })],
    ['no JSON', () => ({ status: 200, body: '<html>' })],
    ['too few vectors', () => ({ status: 200, body: data([0, [1, 0]]) })],
    ['vectors of two lengths', () => ({ status: 200, body: data([0, [1, 0]], [1, [1]]) })],
    ['a redirect', () => ({ status: 307, body: '', location: 'http://127.0.0.1:1/' })],
  ];
  for (const [what, make] of wrong) {
    it(`is MODEL_UNAVAILABLE for ${what}`, async () => {
      reply = make();
      await assert.rejects(createClient('a-key-of-yours').embed(['a', 'b'], never), (thrown) => {
        assert.ok(thrown instanceof Error && 'code' in thrown);
        assert.deepStrictEqual(thrown.code, 'MODEL_UNAVAILABLE');
        assert.ok(!thrown.message.includes('a-key-of-yours'), thrown.message);
        return true;
      });
    });
  }

  it('ends with its caller', async () => {
    reply = { status: 200, body: data([0, [1]]) };
    await assert.rejects(createClient().embed(['a'], AbortSignal.abort()), { code: 'CANCELLED' });
  });

  it('is set up by the environment, and sends no key in the clear', () => {
    const url = 'http://127.0.0.1:11434/v1';
    const model = 'nomic-embed-text';
    assert.deepStrictEqual(parseEmbeddingSettings({}), null);
    assert.deepStrictEqual(
      parseEmbeddingSettings({ RLM_EMBEDDINGS_URL: url, RLM_EMBEDDINGS_MODEL: model }),
      { baseUrl: url, model, apiKey: null },
    );
    const faulty = [
      { RLM_EMBEDDINGS_URL: url },
      { RLM_EMBEDDINGS_URL: 'ftp://x', RLM_EMBEDDINGS_MODEL: model },
      {
        RLM_EMBEDDINGS_URL: 'http://example.com/v1',
        ...{ RLM_EMBEDDINGS_MODEL: model, RLM_EMBEDDINGS_KEY: 'k' },
      },
    ];
    for (const env of faulty) {
      assert.throws(() => parseEmbeddingSettings(env), { code: 'INVALID_INPUT' });
    }
  });
});
