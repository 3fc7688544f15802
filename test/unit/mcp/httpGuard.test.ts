import assert from 'node:assert/strict';

import { type Engine } from '../../../src/core/engine';
import { readBearer, TokenAccess } from '../../../src/mcp/httpAccess';
import {
  checkContent,
  checkHead,
  type GuardRules,
  type RequestHead,
} from '../../../src/mcp/httpGuard';

const rules: GuardRules = {
  port: 4_100,
  allowedHosts: [],
  allowedOrigins: [],
  routes: ['mcp', 'sse', 'messages', 'metrics', 'metadata', 'healthz', 'readyz'],
};

function check(
  over: Partial<RequestHead>,
  headers: Record<string, string> = {},
  changed: Partial<GuardRules> = {},
) {
  const head = { method: 'POST', url: '/mcp', host: '127.0.0.1:4100', headers, ...over };
  const verdict = checkHead(head, { ...rules, ...changed });
  return verdict.kind === 'refused' ? verdict.refusal.status : verdict.kind;
}

describe('httpGuard', () => {
  it('lets a proper request pass under each loopback name', () => {
    const hosts = ['127.0.0.1:4100', 'localhost:4100', '[::1]:4100'];
    assert.deepStrictEqual(
      hosts.map((host) => check({ host })),
      hosts.map(() => 'route'),
    );
  });

  const wrongHosts = [
    'evil.example',
    '127.0.0.1',
    '127.0.0.1:4101',
    '127.0.0.1:4100.evil.example',
    'localhost.evil.example:4100',
    '127.0.0.1.nip.io:4100',
    'user@127.0.0.1:4100',
    '0.0.0.0:4100',
    'rlm.example.com.evil.example',
    'evil-rlm.example.com',
    'rlm.example.com:443:443',
    'rlm.example.com:',
    'other.example.com:8444',
    '',
  ];

  it('compares the host exactly, with the names that were allowed too', () => {
    const allowedHosts = ['rlm.example.com', 'other.example.com:8443'];
    const statuses = (hosts: readonly string[]) =>
      hosts.map((host) => check({ host }, {}, { allowedHosts }));
    assert.deepStrictEqual(
      statuses(wrongHosts),
      wrongHosts.map(() => 403),
    );
    const right = ['rlm.example.com', 'rlm.example.com:8443', 'other.example.com:8443'];
    assert.deepStrictEqual(statuses(right), ['route', 'route', 'route']);
  });

  it('shows under a wrong host nothing but the paths for probes', () => {
    const paths = ['/mcp', '/sse', '/messages?sessionId=x', '/metrics', '/', '/other'];
    const metadata = ['/.well-known/oauth-protected-resource', '/healthz/..', '/healthz/mcp'];
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PUT']) {
      assert.deepStrictEqual(
        [...paths, ...metadata].map((url) => check({ method, url, host: 'evil.example' })),
        [...paths, ...metadata].map(() => 403),
      );
    }
    const probes = ['/healthz', '/readyz', '/healthz?verbose=1'];
    assert.deepStrictEqual(
      probes.map((url) => check({ method: 'GET', url, host: '10.1.2.3:8080' })),
      ['route', 'route', 'route'],
    );
  });

  it('refuses every origin that is not allowed, null and webviews included', () => {
    const origins = ['http://evil.example', 'null', 'vscode-webview://x', 'http://127.0.0.1:4100'];
    const allowedOrigins = ['http://localhost:6274'];
    assert.deepStrictEqual(
      origins.map((origin) => check({}, { origin }, { allowedOrigins })),
      origins.map(() => 403),
    );
  });

  it('lets an allowed origin pass, and answers its preflight', () => {
    const origin = 'http://localhost:6274';
    const allowed = { allowedOrigins: [origin] };
    assert.deepStrictEqual(check({ method: 'GET' }, { origin }, allowed), 'route');
    assert.deepStrictEqual(check({ method: 'OPTIONS' }, { origin }, allowed), 'preflight');
  });

  it('answers in its order: host, origin, preflight, path, method', () => {
    const origin = 'http://evil.example';
    assert.deepStrictEqual(
      [
        check({ method: 'OPTIONS', url: '/x', host: 'evil' }, { origin }),
        check({ method: 'OPTIONS', url: '/x' }, { origin }),
        check({ method: 'OPTIONS', url: '/x' }),
        check({ method: 'PUT', url: '/x' }),
        check({ method: 'PUT', url: '/mcp?token=x' }),
        check({ method: 'PUT' }),
        check({ method: 'POST', url: '/sse' }),
        check({ method: 'GET', url: '/messages' }),
      ],
      [403, 403, 403, 404, 404, 405, 405, 405],
    );
  });

  it('serves no path that was not asked for', () => {
    const urls = ['/sse', '/messages', '/metrics', '/healthz', '/readyz'];
    assert.deepStrictEqual(
      urls.map((url) => check({ method: 'GET', url }, {}, { routes: ['mcp'] })),
      urls.map(() => 404),
    );
  });

  it('takes JSON with parameters and nothing that only looks like it', () => {
    const types = ['application/json; charset=utf-8', 'application/json-seq', 'text/plain', ''];
    assert.deepStrictEqual(
      types.map((type) => {
        const headers = { 'content-type': type };
        return checkContent({ method: 'POST', url: '/mcp', host: '', headers })?.status ?? 'passes';
      }),
      ['passes', 415, 415, 415],
    );
  });

  it('takes the token only as a bearer', async () => {
    const token = 'secret-token-of-some-length';
    const access = new TokenAccess({} as Engine, token); // it is only handed on
    const identify = async (header: string) => (await access.identify(readBearer(header))).kind;
    const given = ['', token, `Basic ${token}`, `Bearer ${token}x`, 'Bearer ', `Bearer ${token} x`];
    for (const header of given) {
      assert.deepStrictEqual(await identify(header), 'unknown', header);
    }
    assert.deepStrictEqual(await identify(`bearer ${token}`), 'caller');
  });
});
