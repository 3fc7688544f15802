import assert from 'node:assert/strict';
import { UsageReader, toDollars } from '../../../../src/agents/relay/callUsage';
import { parseUpstream } from '../../../../src/agents/relay/upstream';

const template = `
name = "Azure"
base_url = "https://example.com/openai/v1/"
[headers]
api-key = "\${AZURE_KEY}"
[query]
api-version = "preview"
[prices."gpt-5.5"]
input = 2
output = 8
`;

describe('the template of a model server', () => {
  const secrets: Readonly<Record<string, string>> = { AZURE_KEY: 'k$&ey-1234' };
  const read = (text: string) => parseUpstream(text, async (name) => secrets[name] ?? null);

  it('is filled with secrets, which are known from then on', async () => {
    assert.deepStrictEqual(await read(template), {
      name: 'Azure',
      baseUrl: 'https://example.com/openai/v1',
      headers: { 'api-key': 'k$&ey-1234' },
      query: { 'api-version': 'preview' },
      prices: { 'gpt-5.5': { input: 2, cachedInput: 2, output: 8 } },
      secrets: ['k$&ey-1234'],
    });
  });

  for (const [what, text, code] of [
    ['no TOML', 'name = ', 'INVALID_INPUT'],
    ['an unknown key', `${template}\n[more]\na = 1`, 'INVALID_INPUT'],
    ['no address', 'name = "x"', 'INVALID_INPUT'],
    ['an address without encryption', template.replace('https', 'http'), 'INVALID_INPUT'],
    ['a secret that is not set', template.replace('AZURE_KEY', 'NO_KEY'), 'MODEL_UNAVAILABLE'],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      await assert.rejects(read(text), { code });
    });
  }
});

describe('the usage of a call', () => {
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 40 },
    output_tokens: 10,
  };
  const found = { input: 100, cachedInput: 40, output: 10 };

  it('is read from a stream, however it is cut, and from one document', () => {
    const event = JSON.stringify({ type: 'response.completed', response: { id: 'ü', usage } });
    const bytes = Buffer.from(`event: x\ndata: {"response":{}}\n\ndata: ${event}\n\n`);
    for (let size = 1; size <= bytes.length; size += 7) {
      const reader = new UsageReader('text/event-stream; charset=utf-8');
      for (let at = 0; at < bytes.length; at += size) {
        reader.push(bytes.subarray(at, at + size));
      }
      assert.deepStrictEqual([reader.end(), reader.bytes], [found, bytes.length]);
    }
    const document = new UsageReader('application/json');
    document.push(Buffer.from(JSON.stringify({ usage })));
    assert.deepStrictEqual(document.end(), found);
  });

  it('costs what its parts cost, cached ones by their own price', () => {
    assert.equal(toDollars(found, { input: 10, cachedInput: 1, output: 100 }), 1640 / 1e6);
  });
});
