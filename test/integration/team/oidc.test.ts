// Access tokens of an authorization server: which are taken, and that each subject has sessions of his own.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPair } from 'jose';
import { OidcVerifier } from '../../../src/team/oidc';
import { loadLibraries } from '../../../src/team/loadLibraries';
import { callError, callOk, connectHttpClient, openSession } from '../../support/mcpClient';
import { type Claims, FakeIssuer } from '../../support/fakeIssuer';
import { useTempFolder } from '../../support/tempFolder';
import { start } from '../cli/program';

const audience = 'https://rlm.example.com/mcp';

describe('tokens of an authorization server', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  let issuer: FakeIssuer;
  let children: ChildProcess[];

  beforeEach(async () => {
    issuer = await FakeIssuer.start();
    children = [];
  });

  afterEach(async () => {
    children.forEach((child) => child.kill('SIGKILL'));
    await issuer.stop();
  });

  const createVerifier = async (scope: string | null = null): Promise<OidcVerifier> => {
    const where = { issuer: issuer.url, audience, jwksUrl: null };
    const settings = { ...where, scope, cooldownMs: 0 };
    return new OidcVerifier(settings, await loadLibraries());
  };

  it('are taken when they are the issuer’s, for this server, and good now', async () => {
    const verifier = await createVerifier();
    const now = Math.floor(Date.now() / 1_000);
    const good: readonly Claims[] = [
      { aud: audience },
      { aud: ['https://other.example', audience] },
      { aud: audience, nbf: now - 5, exp: now + 60 },
    ];
    for (const claims of good) {
      const verdict = await verifier.verify(await issuer.sign(claims));
      assert.deepStrictEqual(verdict.kind, 'user', JSON.stringify(claims));
    }
    const bad: readonly Claims[] = [
      {},
      { aud: 'https://other.example/mcp' },
      { aud: `${audience}/` },
      { aud: audience, iss: 'https://evil.example' },
      { aud: audience, exp: now - 3_600 },
      { aud: audience, nbf: now + 3_600 },
      { aud: audience, exp: undefined as never }, // left out
      { aud: audience, sub: undefined as never },
      { aud: audience, sub: '' },
      { aud: audience, sub: 'x'.repeat(1_001) },
    ];
    for (const claims of bad) {
      const verdict = await verifier.verify(await issuer.sign(claims));
      assert.deepStrictEqual(verdict, { kind: 'unknown' }, JSON.stringify(claims));
    }
  });

  it('are taken by the issuer’s own signature alone', async () => {
    const verifier = await createVerifier();
    const claims = { aud: audience };
    const token = await issuer.sign(claims);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const { privateKey } = await generateKeyPair('ES256');
    const forged = {
      'another’s key': await issuer.sign(claims, { key: privateKey }),
      'the public key as a secret': await issuer.sign(claims, {
        key: await issuer.readPublicText(),
        alg: 'HS256',
      }),
      'no signature': `${header}.${payload}.`,
      'no algorithm': `${none}.${payload}.`,
      'no algorithm, with a signature': `${none}.${payload}.${signature}`,
      'other claims': `${header}.${Buffer.from('{"sub":"admin"}').toString('base64url')}.${signature}`,
      'no token at all': 'a.b.c',
      'too much': `${header}.${payload}.${'A'.repeat(20_000)}`,
    };
    for (const [what, text] of Object.entries(forged)) {
      assert.deepStrictEqual(await verifier.verify(text), { kind: 'unknown' }, what);
    }
    assert.deepStrictEqual((await verifier.verify(token)).kind, 'user');
  });

  it('are taken by a new key as soon as the issuer tells it', async () => {
    const verifier = await createVerifier();
    const verify = async (token: string) => (await verifier.verify(token)).kind;
    const old = await issuer.sign({ aud: audience });
    assert.deepStrictEqual(await verify(old), 'user');
    await issuer.rotate();
    const renewed = await issuer.sign({ aud: audience });
    assert.deepStrictEqual([await verify(renewed), await verify(old)], ['user', 'user']);
  });

  it('need the scope that was asked for', async () => {
    const verifier = await createVerifier('rlm');
    const verify = async (scope: string) =>
      (await verifier.verify(await issuer.sign({ aud: audience, scope }))).kind;
    assert.deepStrictEqual(
      [await verify('other rlm'), await verify('rlmx other'), await verify('')],
      ['user', 'forbidden', 'forbidden'],
    );
  });

  it('cannot be told while the issuer is down, which is not the same as wrong', async () => {
    const verifier = await createVerifier();
    const token = await issuer.sign({ aud: audience });
    issuer.isDown = true;
    assert.deepStrictEqual((await verifier.verify(token)).kind, 'unavailable');
    issuer.isDown = false;
    assert.deepStrictEqual((await verifier.verify(token)).kind, 'user');
  });

  it('are checked by the keys that either of its two addresses tells, whatever the other answers', async () => {
    const token = await issuer.sign({ aud: audience });
    const others = [
      { status: 404, text: '' },
      { status: 500, text: 'broken' },
      { status: 200, text: '<html>a page for every address</html>' },
      { status: 200, text: '{"issuer":1}' },
      { status: 302, text: '' },
    ];
    for (const atOpenId of others) {
      issuer.atOpenId = atOpenId;
      const { kind } = await (await createVerifier()).verify(token);
      assert.deepStrictEqual(kind, 'user', JSON.stringify(atOpenId));
    }
  });

  it('are checked by the keys of nobody who only claims to be the issuer', async () => {
    const verifier = await createVerifier();
    issuer.claimedIssuer = 'https://other.example';
    const token = await issuer.sign({ aud: audience });
    assert.deepStrictEqual((await verifier.verify(token)).kind, 'unavailable');
    const settings = { audience, jwksUrl: null, scope: null };
    const libraries = await loadLibraries();
    for (const address of ['http://issuer.example', 'ftp://127.0.0.1', 'issuer', '']) {
      assert.throws(() => new OidcVerifier({ ...settings, issuer: address }, libraries), {
        code: 'INVALID_INPUT',
      });
    }
  });

  it('open each subject’s own sessions, and the server says where to get one', async () => {
    const args = ['--oidc-issuer', issuer.url, '--public-url', 'https://rlm.example.com'];
    const options = { home: folder(), cwd: folder() };
    const server = start(['serve', ...args, '--oidc-scope', 'rlm'], options);
    children.push(server.child);
    let output = '';
    server.child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    await server.until('Ctrl+C');
    const url = /http:\S+\/mcp/u.exec(output)?.[0] ?? '';
    const metadataUrl = 'https://rlm.example.com/.well-known/oauth-protected-resource/mcp';
    const stranger = await fetch(url, { method: 'POST' });
    assert.deepStrictEqual(
      [stranger.status, stranger.headers.get('www-authenticate')],
      [401, `Bearer resource_metadata="${metadataUrl}"`],
    );
    const metadata = await fetch(new URL(new URL(metadataUrl).pathname, url));
    assert.deepStrictEqual(await metadata.json(), {
      resource: audience,
      authorization_servers: [issuer.url],
      bearer_methods_supported: ['header'],
      scopes_supported: ['rlm'],
      resource_name: 'RLM Companion',
    });
    const lacking = await issuer.sign({ aud: audience, scope: 'other' });
    const forbidden = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${lacking}` },
    });
    assert.deepStrictEqual(forbidden.status, 403);
    assert.match(forbidden.headers.get('www-authenticate') ?? '', /insufficient_scope/u);

    const connect = async (sub: string) => {
      const token = await issuer.sign({ aud: audience, scope: 'rlm', sub });
      return connectHttpClient({ url, token });
    };
    const subject = '../../alice';
    const [alice, bob] = [await connect(subject), await connect('bob')];
    const again = await connect(subject);
    const id = await openSession(alice);
    const foreign = await callError(bob, 'rlm_run_repl', { session_id: id, code: '1' });
    assert.deepStrictEqual(foreign.code, 'SESSION_NOT_FOUND');
    const step = await callOk(again, 'rlm_run_repl', { session_id: id, code: '6 * 7' });
    assert.deepStrictEqual(step['result'], '42');
    await Promise.all([alice, bob, again].map((client) => client.close()));
    server.child.kill('SIGTERM');
    assert.deepStrictEqual((await server.ended).exitCode, 0);
  });
});
