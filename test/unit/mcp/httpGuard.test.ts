import assert from 'node:assert/strict';

import { checkRequest, type RequestHead } from '../../../src/mcp/httpGuard';

const rules = { port: 4_100, token: 'secret-token-of-some-length', allowedOrigins: [] };

function check(over: Partial<RequestHead>, headers: Record<string, string> = {}) {
  const good = {
    host: '127.0.0.1:4100',
    authorization: `Bearer ${rules.token}`,
    'content-type': 'application/json',
  };
  const head = { method: 'POST', url: '/mcp', headers: { ...good, ...headers }, ...over };
  return checkRequest(head, rules)?.status ?? 'passes';
}

describe('httpGuard', () => {
  it('lets a proper request pass under each loopback name', () => {
    const hosts = ['127.0.0.1:4100', 'localhost:4100', 'LOCALHOST:4100', '[::1]:4100'];
    assert.deepStrictEqual(
      hosts.map((host) => check({}, { host })),
      hosts.map(() => 'passes'),
    );
  });

  it('compares the host exactly', () => {
    const hosts = [
      'evil.example',
      '127.0.0.1',
      '127.0.0.1:4101',
      '127.0.0.1:4100.evil.example',
      'localhost.evil.example:4100',
      '127.0.0.1.nip.io:4100',
      'user@127.0.0.1:4100',
      '0.0.0.0:4100',
      '',
    ];
    assert.deepStrictEqual(
      hosts.map((host) => check({}, { host })),
      hosts.map(() => 403),
    );
  });

  it('refuses every origin that is not allowed, null and webviews included', () => {
    const origins = ['http://evil.example', 'null', 'vscode-webview://x', 'http://127.0.0.1:4100'];
    assert.deepStrictEqual(
      origins.map((origin) => check({}, { origin })),
      origins.map(() => 403),
    );
  });

  it('lets an allowed origin pass', () => {
    const allowed = { ...rules, allowedOrigins: ['http://localhost:6274'] };
    const headers = {
      host: 'localhost:4100',
      origin: 'http://localhost:6274',
      authorization: `Bearer ${rules.token}`,
    };
    assert.deepStrictEqual(checkRequest({ method: 'GET', url: '/mcp', headers }, allowed), null);
  });

  it('answers in its order: host, origin, preflight, path, method, token, content type', () => {
    const wrong = { authorization: 'Bearer no', 'content-type': 'text/plain' };
    const origin = 'http://evil.example';
    assert.deepStrictEqual(
      [
        check({ method: 'OPTIONS', url: '/x' }, { ...wrong, origin, host: 'evil' }),
        check({ method: 'OPTIONS', url: '/x' }, { ...wrong, origin }),
        check({ method: 'OPTIONS', url: '/x' }, wrong),
        check({ method: 'PUT', url: '/x' }, wrong),
        check({ method: 'PUT', url: '/mcp?token=x' }, wrong),
        check({ method: 'PUT' }, wrong),
        check({}, wrong),
        check({}, { 'content-type': 'text/plain' }),
      ],
      [403, 403, 403, 404, 404, 405, 401, 415],
    );
  });

  it('takes the token only as a bearer', () => {
    const given = ['', rules.token, `Basic ${rules.token}`, `Bearer ${rules.token}x`, 'Bearer '];
    assert.deepStrictEqual(
      given.map((authorization) => check({}, { authorization })),
      given.map(() => 401),
    );
    assert.deepStrictEqual(check({}, { authorization: `bearer ${rules.token}` }), 'passes');
  });

  it('takes JSON with parameters and nothing that only looks like it', () => {
    const types = ['application/json; charset=utf-8', 'application/json-seq', 'text/plain', ''];
    assert.deepStrictEqual(
      types.map((type) => check({}, { 'content-type': type })),
      ['passes', 415, 415, 415],
    );
  });
});
