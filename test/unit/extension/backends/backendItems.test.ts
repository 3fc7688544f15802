import assert from 'node:assert/strict';
import type { SandboxBackendStatus } from '../../../../src/core/sandbox';
import { toBackendFacts } from '../../../../src/extension/backends/backendItems';

function status(over: Partial<SandboxBackendStatus>): SandboxBackendStatus {
  return {
    backend: 'wasm',
    language: 'python',
    works: true,
    detail: 'CPython 3.13',
    nextStep: null,
    image: null,
    imageDigest: null,
    walls: [],
    live: 0,
    warm: 0,
    ...over,
  };
}

describe('the backends that a person may choose', () => {
  const statuses = [
    status({
      backend: 'container',
      detail: 'Python 3.12',
      image: 'python:3.12-slim',
      imageDigest: 'sha256:abc',
      walls: ['no network'],
    }),
    status({ backend: 'local', works: false, detail: 'No bubblewrap.', nextStep: 'Install it.' }),
    status({}),
    status({ language: 'javascript', detail: 'QuickJS' }),
  ];

  it('are in their order, with what they are, what stands around them, or what they lack', () => {
    const facts = toBackendFacts(statuses, { language: 'python', current: 'local' });
    assert.deepStrictEqual(
      facts.map(({ backend, works, isCurrent }) => [backend, works, isCurrent]),
      [
        ['wasm', true, false],
        ['local', false, true],
        ['container', true, false],
      ],
    );
    assert.deepStrictEqual(
      facts.map(({ detail, walls, nextStep }) => [detail, walls, nextStep]),
      [
        ['CPython 3.13', [], null],
        ['No bubblewrap.', [], 'Install it.'],
        ['Python 3.12, python:3.12-slim, sha256:abc', ['no network'], null],
      ],
    );
  });

  it('are those of the language alone', () => {
    const facts = toBackendFacts(statuses, { language: 'javascript', current: 'wasm' });
    assert.deepStrictEqual(
      facts.map(({ backend, detail }) => [backend, detail]),
      [['wasm', 'QuickJS']],
    );
  });
});
