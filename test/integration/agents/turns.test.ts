// What an agent of the real Codex does in a turn, as the driver tells it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type PlannedCall, patch, plan, run, runOutside } from '../../support/plannedModel';
import { type Kind, modelKey, useCodexAgents } from './codexAgents';

const isDetail = (kind: Kind): boolean =>
  /^(?:raw|usage|messageDelta|commandOutput|turnDiff)$/u.test(kind);

describe('an agent of Codex', function () {
  this.timeout(60_000);
  const agents = useCodexAgents();

  it('runs a command, patches a file and answers, each told once and in order', async () => {
    const request = agents().toRequest();
    const agent = await agents().start(request);
    const ended = await agent.turn(
      plan([
        run('echo made; exit 3'),
        patch('*** Add File: a.txt\n+grüße 🦊'),
        { reason: 'It is made.', say: 'Done 🦊.' },
      ]),
    );
    assert.deepStrictEqual(
      agent.kinds().filter((kind) => !isDetail(kind)),
      [
        'turnStarted',
        'said',
        'commandStarted',
        'commandEnded',
        'patchStarted',
        'patchEnded',
        'reasoning',
        'message',
        'turnEnded',
      ],
    );
    const [command] = agent.all('commandEnded');
    const [edit] = agent.all('patchEnded');
    assert.deepStrictEqual(
      [command?.status, command?.exitCode, command?.output, command?.cwd],
      ['failed', 3, 'made\n', request.cwd],
    );
    const file = path.join(request.cwd, 'a.txt');
    assert.deepStrictEqual(
      [edit?.status, edit?.patch.changes, agent.all('message')[0]?.text, ended.status, ended.error],
      ['completed', [{ path: file, change: 'add', movedTo: null }], 'Done 🦊.', 'completed', null],
    );
    assert.equal(readFileSync(file, 'utf8'), 'grüße 🦊\n');
  });

  it('leaves no call of its model untold, also what was refused or failed at once', async () => {
    const agent = await agents().start(agents().toRequest());
    const kinds: readonly ((at: number) => PlannedCall)[] = [
      (at) => run(`echo ${at}`),
      (at) => runOutside(`echo ${at} > /etc/rlm-refused`),
      (at) => run(`echo ${at} > /etc/rlm-denied`),
      (at) => patch(`*** Update File: none-${at}.txt\n@@\n-x\n+y`),
      (at) => patch(`*** Add File: made-${at}.txt\n+x`),
      (at) => patch(`*** Add File: /etc/rlm-outside-${at}.txt\n+x`),
      (at) => ({ call: 'no_such_tool', args: { at } }),
      () => ({ call: 'exec_command', args: { wrong: true } }),
    ];
    const calls = Array.from({ length: 5 }, (_, round) => kinds.map((make) => make(round))).flat();
    await agent.turn(
      plan([...calls.slice(8), { calls: calls.slice(0, 8) }, { say: 'All tried.' }]),
    );
    const told = [
      ...agent.all('commandEnded'),
      ...agent.all('patchEnded'),
      ...agent.all('unlistedCall'),
    ];
    assert.equal(told.length, calls.length);
    assert.equal(
      agent.all('unlistedCall').every(({ output }) => output !== null),
      true,
    );
  });

  it('takes in what is said while it works, once, and begins a turn with what is said later', async () => {
    const request = agents().toRequest();
    const agent = await agents().start(request);
    const untilGo = run('until [ -e go ]; do sleep 0.05; done');
    const first = await agent.say(plan([untilGo, { say: 'One.' }]));
    await agent.until('commandStarted');
    const second = await agent.say(plan([{ say: 'Two.' }]));
    await writeFile(path.join(request.cwd, 'go'), '');
    await agent.until('turnEnded');
    const third = await agent.say('And now?');
    await agent.until('turnEnded', ({ turnId }) => turnId === third.turnId);
    assert.deepStrictEqual(
      [first.way, second, third.way],
      ['began', { turnId: first.turnId, way: 'steered' }, 'began'],
    );
    assert.deepStrictEqual(
      agent.all('message').map(({ text }) => text),
      ['Two.', 'Two.'],
    );
    assert.equal(agent.all('said').length, 3);
  });

  it('tells both ends of an output that is too long, and how much is left out', async () => {
    const agent = await agents().start(agents().toRequest());
    await agent.turn(
      plan([
        run('echo begin; head -c 3000000 /dev/zero | tr "\\0" x; echo; echo end'),
        run('printf "\\377\\0\\033[1m ü 🦊"'),
        { say: 'Done.' },
      ]),
    );
    const [long, odd] = agent.all('commandEnded');
    assert.ok(long && odd);
    assert.ok(long.output.startsWith('begin\nxxx') && long.output.endsWith('xxx\nend\n'));
    assert.ok(
      long.output.length < 70_000 && long.droppedChars > 900_000,
      String(long.droppedChars),
    );
    assert.ok(odd.output.endsWith(' ü 🦊'), JSON.stringify(odd.output));
  });

  it('shows its commands neither the key nor more of the environment than they need', async () => {
    const request = { commandEnvironment: { COLOUR: 'red' } };
    const agent = await agents().start(agents().toRequest({}, request));
    await agent.turn(plan([run('env; cat /proc/1/environ /proc/$PPID/environ'), { say: 'Done.' }]));
    const [{ output } = { output: '' }] = agent.all('commandEnded');
    assert.deepStrictEqual(
      [
        output.includes('COLOUR=red'),
        JSON.stringify(agent.happened).includes(modelKey),
        agents().model.requests.every(({ token }) => token === modelKey),
      ],
      [true, false, true],
    );
  });

  it('runs nothing that the folder names as tools of Codex', async () => {
    const request = agents().toRequest();
    const marker = path.join(agents().folder, 'started');
    await mkdir(path.join(request.cwd, '.codex'), { recursive: true });
    await writeFile(
      path.join(request.cwd, '.codex', 'config.toml'),
      `[mcp_servers.evil]\ncommand = "touch"\nargs = [${JSON.stringify(marker)}]\nrequired = true\n`,
    );
    const link = path.join(agents().folder, 'link');
    await symlink(request.cwd, link);
    for (const cwd of [request.cwd, link]) {
      const agent = await agents().start({ ...request, cwd });
      await agent.turn(plan([{ say: 'Done.' }]));
      assert.deepStrictEqual(
        [existsSync(marker), agent.thread.effective.cwd],
        [false, request.cwd],
      );
    }
  });

  it('calls the tools of its own MCP server, and asks before those that change something', async () => {
    const server = {
      reached: {
        kind: 'command',
        command: process.execPath,
        args: [path.resolve('test/support/toolServer.mjs')],
        environment: { WHO: 'a test' },
      },
      isRequired: true,
      tools: 'ask',
      timeoutMs: 30_000,
    } as const;
    const agent = await agents().start(
      agents().toRequest({ approvals: 'on-request' }, { mcpServers: { tools: server } }),
    );
    const ended = agent.turn(
      plan([
        { call: 'add', namespace: 'mcp__tools', args: { a: 1, b: 2 } },
        { call: 'change', namespace: 'mcp__tools', args: {} },
        { say: 'Done.' },
      ]),
    );
    const asked = await agent.until(
      'approvalAsked',
      ({ subject }) => subject.kind === 'form' && subject.message.includes('change'),
    );
    await agent.thread.answer(asked.approvalId, { decision: 'accept', note: null, values: null });
    await ended;
    assert.deepStrictEqual(
      agent
        .all('toolEnded')
        .map(({ server: name, tool, status, result }) => [
          ...[name, tool, status],
          JSON.stringify(result).includes(tool === 'add' ? '"3"' : 'changed by a test'),
        ]),
      [
        ['tools', 'add', 'completed', true],
        ['tools', 'change', 'completed', true],
      ],
    );
    assert.equal(agent.all('unlistedCall').length, 0);
  });

  for (const [status, code] of [
    [401, 'httpConnectionFailed'],
    [429, 'responseTooManyFailedAttempts'],
  ] as const) {
    it(`ends a turn that the model refuses with ${status} as failed, and goes on with the next`, async () => {
      const agent = await agents().start(agents().toRequest());
      const { status: ended, error } = await agent.turn(plan([{ status }]));
      const next = await agent.turn(plan([{ say: 'Well.' }]));
      assert.deepStrictEqual(
        [ended, error?.code, error?.httpStatus, next.status],
        ['failed', code, status, 'completed'],
      );
    });
  }
});

describe('an agent of Codex whose model is not there', function () {
  this.timeout(60_000);
  const agents = useCodexAgents({
    deadlines: { connectionMs: 1_000 },
    modelUrl: 'http://127.0.0.1:9/v1',
  });

  it('ends its turn after a deadline of ours', async () => {
    const agent = await agents().start(agents().toRequest());
    const { status, error } = await agent.turn('Hello.');
    assert.deepStrictEqual([status, error?.code], ['failed', 'connectionLost']);
  });
});
