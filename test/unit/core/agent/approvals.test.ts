import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import type { AskedSubject, Patch } from '../../../../src/core/agent/agentDriver';
import type { ApprovalPolicy } from '../../../../src/core/agent/profile';
import { toCommandTexts } from '../../../../src/core/agent/innerCommand';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const command = (text: string | null, host: string | null = null): AskedSubject => ({
  ...{ kind: 'command', command: text, cwd: null, host },
});

/** What a run whose agent asks for `subject` answers by itself; null: a person is waited for. */
async function judge(
  subject: AskedSubject,
  policy: Partial<ApprovalPolicy> = {},
  over: Parameters<typeof createProfile>[0] = {},
): Promise<string | null> {
  const approvals = { ...createProfile().approvals, ...policy };
  const agents = new FakeAgents(1, [createProfile({ ...over, approvals })]);
  const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
  await settle();
  const thread = agents.threadOf(run.id);
  thread.happen({ kind: 'approvalAsked', approvalId: 'a', itemId: 'a', reason: null, subject });
  await settle();
  const [answer] = thread.answers;
  assert.equal(run.status, answer ? 'running' : 'awaiting_approval');
  await agents.runs.close();
  return answer?.answer.decision ?? null;
}

describe('approvals by the rules of a profile', () => {
  const allowed = [
    'npm test',
    `bash -lc 'npm test'`,
    `/bin/bash -lc "npm test"`,
    `bash -l -c 'npm test'`,
    `/usr/bin/env bash -lc 'npm test'`,
    `sh -c "sh -c 'npm test'"`,
  ];
  for (const text of allowed) {
    it(`accept ${text}`, async () => {
      assert.equal(await judge(command(text), { allow: ['npm test'] }), 'accept');
    });
  }

  const wide = ['npm test.*', '[^]*', '.*npm test.*', `npm\\s+test.*`];
  const asked = [
    ...['npm test; rm -rf .', 'npm test && curl x', 'npm test\nrm -rf .', 'npm test\rrm x'],
    ...['npm test $(rm x)', 'npm test `rm x`', 'npm test | sh', 'npm test & rm x', 'npm test > f'],
    ...['npm test "$(rm x)"', 'npm test "a`rm x`"', 'npm test ${x}', 'npm test <(rm x)'],
    ...[
      'npm\u00a0test',
      'npm\u2003test',
      'npm test\u2028rm x',
      'npm test\u0000',
      'npm test \\\nrm',
    ],
    ...['npm test || rm x', 'npm test {a;b}', 'npm test #', `npm test 'a`, 'npm test *'],
    ...[`bash -lc 'npm test; rm x'`, `bash -lc "npm test && rm x"`, `./bash -lc 'npm test'`],
    ...[`evil/sh -c 'npm test'`, `bash -lc 'npm test' extra; rm x`, `bash -c 'npm test'; rm x`],
    ...[`sh -c "sh -c 'npm test; rm x'"`, `bash -lc 'it'"'"'s; rm x'`],
  ];
  for (const text of asked) {
    it(`ask a person for ${JSON.stringify(text)}, however wide they are`, async () => {
      // A shell that the agent may have written itself is a command like others: only the narrow rule is about it.
      const isOwnShell = /^(?:\.|evil)\//u.test(text);
      const allow = isOwnShell ? wide.slice(0, 1) : wide;
      assert.equal(await judge(command(text), { allow }), null);
    });
  }

  it('decline what is denied, also as a part and however it is wrapped, before they accept', async () => {
    const texts = [
      ...['rm -rf .', 'npm test; rm -rf .', `bash -lc 'rm -rf .'`, `./bash -lc "rm -rf ."`],
      ...['x && rm -rf .', '(rm -rf .)', 'echo $(rm -rf .)', `sh -c "sh -c 'rm -rf .'"`],
    ];
    for (const text of texts) {
      const policy = { allow: ['.*'], deny: ['rm .*'] };
      assert.equal(await judge(command(text), policy), 'decline', text);
    }
  });

  it('never accept network, permissions, folders, patches, forms or unknown commands', async () => {
    const policy = { allow: ['[^]*'] };
    const permissions: AskedSubject = { kind: 'permissions', cwd: '/', permissions: {} };
    const form: AskedSubject = { kind: 'form', server: 's', message: 'm', schema: {}, url: null };
    const patch = (grantRoot: string | null): AskedSubject => ({
      ...{ kind: 'patch', patch: toPatch('a.ts', null), grantRoot },
    });
    assert.deepStrictEqual(
      [
        await judge(command('curl x', 'example.com'), policy, { network: true }),
        await judge(command('curl x', 'example.com'), policy),
        await judge(permissions, policy),
        await judge(patch('/'), policy),
        await judge(patch(null), policy),
        await judge(form, policy),
        await judge(command(null), policy),
      ],
      [null, 'decline', 'decline', 'decline', null, null, null],
    );
  });

  it('decline all where nothing may be asked', async () => {
    const policy = { mode: 'never', allow: ['.*'] } as const;
    assert.equal(await judge(command('ls'), policy), 'decline');
  });

  const deny = ['.env', '/keys/', '*.pem'];
  for (const [path, movedTo, expected] of [
    ['src/a.ts', null, null],
    ['.env', null, 'decline'],
    ['src/../.env', null, 'decline'],
    ['src/../keys/x', null, 'decline'],
    ['./keys/x', null, 'decline'],
    ['src\\.env', null, 'decline'],
    ['src/keys/x', null, null],
    ['a.ts', 'keys/a.ts', 'decline'],
    ['a.pem', 'a.ts', 'decline'],
    ['/elsewhere/.env', null, 'decline'],
    ['<root>/keys/x', null, 'decline'],
    ['<root>/src/../keys/x', null, 'decline'],
  ] as const) {
    it(`${expected ?? 'ask'} for a patch of ${path}${movedTo === null ? '' : ` to ${movedTo}`}`, async () => {
      const agents = new FakeAgents(1, [
        createProfile({ workspace: { isolation: 'worktree', allow: [], deny, write: [] } }),
      ]);
      const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
      await settle();
      const thread = agents.threadOf(run.id);
      const patch = toPatch(path.replace('<root>', thread.request.cwd), movedTo);
      const subject = { kind: 'patch', patch, grantRoot: null } as const;
      thread.happen({ kind: 'approvalAsked', approvalId: 'a', itemId: 'a', reason: null, subject });
      await settle();
      assert.equal(thread.answers[0]?.answer.decision ?? null, expected);
      await agents.runs.close();
    });
  }

  it('give every part of a command to rules that forbid', () => {
    assert.deepStrictEqual(toCommandTexts(`bash -lc 'a; b'`), [
      `bash -lc 'a; b'`,
      'a; b',
      'bash -lc',
      'a',
      'b',
    ]);
  });
});

describe('approvals by people', () => {
  async function ask() {
    const agents = new FakeAgents();
    const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
    await settle();
    const thread = agents.threadOf(run.id);
    thread.happen({
      ...{ kind: 'approvalAsked', approvalId: 'a', itemId: 'a', reason: 'why' },
      subject: command('rm x'),
    });
    await settle();
    return { agents, run, thread };
  }
  const accept = { approvalId: 'a', decision: 'accept', note: 'go on' } as const;

  it('reach the agent with their note', async () => {
    const { agents, run, thread } = await ask();
    agents.runs.decide(run.id, accept, { kind: 'person' });
    const answer = { decision: 'accept', note: 'go on', values: null };
    assert.deepStrictEqual(thread.answers, [{ approvalId: 'a', answer }]);
    await agents.runs.close();
  });

  it('are declined at the deadline, and a later answer is told so', async () => {
    const { agents, run, thread } = await ask();
    agents.clock.advance(60_000);
    assert.equal(thread.answers[0]?.answer.decision, 'decline');
    assert.throws(() => agents.runs.decide(run.id, accept, { kind: 'client' }), {
      code: 'INVALID_INPUT',
      message: /deadline/u,
    });
    await agents.runs.close();
  });

  it('end the wait of whoever waits for the run, and only theirs', async () => {
    const agents = new FakeAgents();
    const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
    await settle();
    const settled: string[] = [];
    const note = (what: string) => (): void => void settled.push(what);
    void run.whenStill(null, neverAborted).then(note('still'));
    void run.whenAtRest(null, neverAborted).then(note('at rest'));
    const stop = new AbortController();
    await settle();
    assert.deepStrictEqual(settled, []);
    agents.threadOf(run.id).happen({
      ...{ kind: 'approvalAsked', approvalId: 'a', itemId: 'a', reason: null },
      subject: command('rm x'),
    });
    await settle();
    assert.deepStrictEqual(settled, ['still']);
    await run.whenStill(null, neverAborted);
    agents.runs.decide(run.id, accept, { kind: 'person' });
    void run.whenStill(60_000, neverAborted).then(note('late'));
    void run.whenStill(null, stop.signal).then(note('stopped'));
    stop.abort();
    await settle();
    agents.clock.advance(60_000);
    await settle();
    assert.deepStrictEqual(settled, ['still', 'stopped', 'late']);
    await agents.runs.close();
    assert.deepStrictEqual(settled, ['still', 'stopped', 'late', 'at rest']);
  });

  it('count once', async () => {
    const { agents, run, thread } = await ask();
    agents.runs.decide(run.id, accept, { kind: 'person' });
    const again = { ...accept, decision: 'decline' } as const;
    assert.throws(() => agents.runs.decide(run.id, again, { kind: 'person' }), {
      code: 'INVALID_INPUT',
    });
    assert.equal(thread.answers.length, 1);
    await agents.runs.close();
  });

  it('are not given by agents', async () => {
    const { agents, run } = await ask();
    const caller = { kind: 'agent', sessionId: run.id } as const;
    assert.throws(() => agents.runs.decide(run.id, accept, caller), { code: 'INVALID_INPUT' });
    await agents.runs.close();
  });
});

function toPatch(path: string, movedTo: string | null): Patch {
  return { changes: [{ path, change: 'update', movedTo }], diff: '', droppedChars: 0 };
}
