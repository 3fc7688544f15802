import assert from 'node:assert/strict';
import path from 'node:path';

import type { Engine } from '../../../src/core/engine';
import type { Caller } from '../../../src/mcp/httpAccess';
import type { OidcVerdict, OidcVerifier } from '../../../src/team/oidc';
import { TeamAccess, type UserSpec } from '../../../src/team/teamAccess';
import { addToken, revokeTokens, type TokenRequest } from '../../../src/team/userFile';
import { UserTable } from '../../../src/team/userTable';
import { useTempFolder } from '../../support/tempFolder';

const usual: TokenRequest = { name: 'alice', role: 'user', expiresAt: null, roots: [], quota: {} };

describe('teamAccess', () => {
  const folder = useTempFolder();
  let now: number;
  let opened: UserSpec[];
  let fails: boolean;
  let monotonic: number;
  let live: Record<string, number>;
  let closed: string[];
  let maxMembers: number;

  beforeEach(() => {
    now = Date.parse('2026-06-01T00:00:00Z');
    opened = [];
    fails = false;
    monotonic = 0;
    live = {};
    closed = [];
    maxMembers = 100;
  });

  const file = (): string => path.join(folder(), 'users.json');

  /** `verify`: what the issuer's tokens are found to be. */
  const create = async (verify: (token: string) => OidcVerdict = () => ({ kind: 'unknown' })) =>
    new TeamAccess({
      users: await UserTable.open(file(), () => undefined),
      oidc: { verify: async (token: string) => verify(token) } as unknown as OidcVerifier, // what is used of it
      openEngine: async (user) => {
        if (fails) {
          throw new Error('the disk is full');
        }
        opened.push(user);
        const sessions = {
          get live() {
            return Array.from({ length: live[user.folder] ?? 0 });
          },
        };
        return { user, sessions, close: async () => undefined } as unknown as Engine; // all that is used of it
      },
      onEngineClosed: (engine) =>
        closed.push((engine as unknown as { user: UserSpec }).user.folder), // as made above
      now: () => now,
      monotonicNow: () => monotonic,
      maxMembers,
    });

  const identify = async (access: TeamAccess, token: string): Promise<Caller> => {
    const verdict = await access.identify(token);
    assert.ok(verdict.kind === 'caller', verdict.kind);
    return verdict;
  };

  it('gives each user one engine, whatever the token, and nobody another’s', async () => {
    const first = await addToken(file(), usual);
    const second = await addToken(file(), usual);
    const bob = await addToken(file(), { ...usual, name: 'bob' });
    const access = await create();
    const callers = await Promise.all(
      [first, second, bob, first].map(({ token }) => identify(access, token)),
    );
    const [one, two, other, again] = callers.map(({ engine }) => engine);
    assert.deepStrictEqual([one === two, one === again, one === other], [true, true, false]);
    assert.deepStrictEqual(opened.map((user) => user.folder).sort(), ['alice', 'bob']);
    assert.deepStrictEqual((await access.listEngines()).length, 2);
  });

  it('keeps users of a file and of an issuer apart, and subjects from each other', async () => {
    const { token } = await addToken(file(), usual);
    const access = await create((text) => {
      const [issuer = '', subject = ''] = text.split('.');
      return { kind: 'user', issuer, subject, expiresAt: now + 1_000 };
    });
    const texts = ['a.alice.x', 'b.alice.x', 'a.bob.x', 'a.alice.y'];
    const callers = await Promise.all(texts.map((text) => identify(access, text)));
    const own = await identify(access, token);
    const ids = [...callers, own].map(({ id }) => id);
    assert.deepStrictEqual([new Set(ids).size, ids[0] === ids[3]], [4, true]);
    assert.ok(opened.every((user) => /^(?:alice|oidc-[0-9a-f]{32})$/u.test(user.folder)));
  });

  it('knows tokens for metrics, and no others', async () => {
    const { token } = await addToken(file(), { ...usual, name: 'prom', role: 'metrics' });
    const access = await create();
    const kinds = [];
    for (const text of [token, '', 'rlm_other', 'a.b.c', `${token}x`]) {
      kinds.push((await access.identify(text)).kind);
    }
    assert.deepStrictEqual(kinds, ['scraper', 'unknown', 'unknown', 'unknown', 'unknown']);
    assert.deepStrictEqual(opened, []);
  });

  it('tells what has run out from what was taken back', async () => {
    const { token } = await addToken(file(), { ...usual, expiresAt: now + 1_000 });
    const access = await create((subject) => {
      return { kind: 'user', issuer: 'i', subject, expiresAt: now + 1_000 };
    });
    const alice = await identify(access, token);
    const oidc = await identify(access, 'a.b.c');
    const read = async () => [await access.readStanding(alice), await access.readStanding(oidc)];
    assert.deepStrictEqual(await read(), ['current', 'current']);
    now += 1_000;
    assert.deepStrictEqual(await read(), ['expired', 'expired']);
    await identify(access, 'a.b.c'); // the same subject with a newer token
    assert.deepStrictEqual(await read(), ['expired', 'current']);
    await revokeTokens(file(), 'alice', null);
    assert.deepStrictEqual(await read(), ['revoked', 'current']);
  });

  it('takes back what was begun with a token that is taken back, whatever others the user has', async () => {
    const first = await addToken(file(), usual);
    const second = await addToken(file(), usual);
    const access = await create();
    const callers = [await identify(access, first.token), await identify(access, second.token)];
    const read = () => Promise.all(callers.map((caller) => access.readStanding(caller)));
    assert.deepStrictEqual(await read(), ['current', 'current']);
    await revokeTokens(file(), 'alice', first.id);
    assert.deepStrictEqual(await read(), ['revoked', 'current']);
  });

  it('ends the engine of whoever has been away longest, and of nobody with something live', async () => {
    const tokens: Record<string, string> = {};
    for (const name of ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']) {
      tokens[name] = (await addToken(file(), { ...usual, name })).token;
    }
    maxMembers = 3;
    const access = await create();
    const call = async (name: string): Promise<string> =>
      (await access.identify(tokens[name] ?? '')).kind;
    const callers = new Map<string, Caller>();
    for (const name of ['alice', 'bob', 'carol']) {
      callers.set(name, await identify(access, tokens[name] ?? ''));
    }
    assert.equal(await call('dave'), 'unavailable'); // all three have just called
    live['alice'] = 1; // holds a sandbox
    monotonic += 59_000;
    const bob = callers.get('bob');
    assert.ok(bob);
    await access.readStanding(bob); // has an MCP session open
    now -= 3_600_000; // a clock that is set back changes nothing
    monotonic += 1_000;
    const kinds = await Promise.all([call('dave'), call('dave'), call('erin')]);
    assert.deepStrictEqual(kinds, ['caller', 'caller', 'unavailable']);
    assert.deepStrictEqual([closed, (await access.listEngines()).length], [['carol'], 3]);
    monotonic += 60_000;
    await access.readStanding(bob);
    assert.deepStrictEqual([await call('carol'), closed], ['caller', ['carol', 'dave']]);
    assert.equal(opened.filter(({ folder: name }) => name === 'carol').length, 2);
    await access.close();
  });

  it('says that it cannot now where an engine does not open, and tries again', async () => {
    const { token } = await addToken(file(), usual);
    const access = await create();
    fails = true;
    assert.deepStrictEqual((await access.identify(token)).kind, 'unavailable');
    fails = false;
    assert.deepStrictEqual((await access.identify(token)).kind, 'caller');
  });

  it('reads roots and quotas as they are now', async () => {
    const { token } = await addToken(file(), { ...usual, roots: ['/a'] });
    const access = await create();
    const before = await identify(access, token);
    await addToken(file(), {
      ...usual,
      roots: ['/b'],
      quota: { mcp_sessions: 2, live_sessions: 1 },
    });
    const after = await identify(access, token);
    assert.deepStrictEqual(
      [before.limits?.mcpSessions, after.limits?.mcpSessions, opened[0]?.readRoots()],
      [16, 2, ['/a', '/b']],
    );
    assert.deepStrictEqual(opened[0]?.readQuota().live_sessions, 1);
  });
});
