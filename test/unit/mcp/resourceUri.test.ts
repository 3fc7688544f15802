import assert from 'node:assert/strict';

import { parseResourceUri, toSessionUri } from '../../../src/mcp/resourceUri';

describe('resourceUri', () => {
  it('parses every kind of address', () => {
    assert.deepStrictEqual(
      [
        'rlm://status',
        'rlm://sessions',
        'rlm://sessions/a1',
        'rlm://sessions/a1/trace',
        'rlm://sessions/a1/vars/my%20var',
        'rlm://profiles',
        'rlm://checklists/a1',
      ].map(parseResourceUri),
      [
        { kind: 'status' },
        { kind: 'sessions' },
        { kind: 'session', sessionId: 'a1' },
        { kind: 'trace', sessionId: 'a1' },
        { kind: 'variable', sessionId: 'a1', name: 'my var' },
        { kind: 'profiles' },
        { kind: 'checklist', sessionId: 'a1' },
      ],
    );
  });

  it('refuses what is none', () => {
    const none = ['', 'rlm://', 'rlm://nope', 'rlm://sessions/', 'file:///etc/passwd'];
    const broken = ['rlm://sessions/a/b', 'rlm://sessions/a/vars/', 'rlm://sessions/%E0%A4%A'];
    for (const uri of [...none, ...broken]) {
      assert.deepStrictEqual(parseResourceUri(uri), undefined, uri);
    }
  });

  it('writes what it parses', () => {
    assert.deepStrictEqual(parseResourceUri(toSessionUri('a/b ?')), {
      kind: 'session',
      sessionId: 'a/b ?',
    });
  });
});
