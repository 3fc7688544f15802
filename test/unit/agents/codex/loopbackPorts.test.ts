import assert from 'node:assert/strict';
import { findLoopbackPorts } from '../../../../src/agents/codex/loopbackPorts';

describe('findLoopbackPorts', () => {
  const server = (url: string) => ({
    rlm: {
      reached: { kind: 'http' as const, url, headers: {} },
      isRequired: true,
      tools: 'allow' as const,
      timeoutMs: 1_000,
    },
  });
  const at = (base_url: unknown, model_provider = 'p') => ({
    model_provider,
    model_providers: { p: { base_url } },
  });

  for (const [what, settings, servers, reached, isModelNear] of [
    ['a table', at('http://127.0.0.1:4000/v1'), {}, [4_000], true],
    [
      'dotted names',
      { model_provider: 'p', 'model_providers.p.base_url': 'http://localhost:4000' },
      {},
      [4_000],
      true,
    ],
    [
      'a server too',
      at('http://127.0.0.1:4000/v1'),
      server('http://127.0.0.1:5000/mcp'),
      [4_000, 5_000],
      true,
    ],
    [
      'the same port once',
      at('http://127.0.0.1:4000/v1'),
      server('http://127.0.0.1:4000/mcp'),
      [4_000],
      true,
    ],
    ['a provider elsewhere', at('https://api.example/v1'), {}, [], false],
    ['a provider that only looks near', at('http://127.0.0.1.example:80/'), {}, [], false],
    [
      'a provider that only looks near by its user',
      at('http://127.0.0.1:80@far.example/'),
      {},
      [],
      false,
    ],
    [
      'another provider than the one that is chosen',
      at('http://127.0.0.1:4000/', 'q'),
      {},
      [],
      false,
    ],
    ['none', {}, server('http://127.0.0.1:5000/mcp'), [5_000], false],
    ['no text', at(5), {}, [], false],
  ] as const) {
    it(`reads ${what}`, () => {
      assert.deepStrictEqual(findLoopbackPorts(settings, servers), { reached, isModelNear });
    });
  }
});
