// `rlm-companion agents` as a person has it: the built command, the real Codex over a planned model, a real repository.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { listLeftovers } from '../../../src/agents/codex/leftovers';
import { openTraces } from '../../../src/runtime';
import { requireCodex } from '../../support/codex';
import { wrapperKey, writeCodexWrapper } from '../../support/codexWrapper';
import {
  patch,
  plan,
  type PlannedModel,
  type PlannedStep,
  run,
  runOutside,
  startPlannedModel,
} from '../../support/plannedModel';
import { useTempFolder } from '../../support/tempFolder';
import { callOk, createClient } from '../../support/mcpClient';
import { type Ended, programFile, start, type Started } from './program';

type Json = Record<string, unknown>;

describe('rlm-companion agents', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  let codex: string;
  let model: PlannedModel;
  let env: Record<string, string>;
  let servers: Started[];

  before(async function () {
    codex = await requireCodex(this);
  });

  beforeEach(async () => {
    model = await startPlannedModel();
    await mkdir(at('repo'));
    await writeFile(at('repo', 'a.txt'), 'one\n');
    const git = (...args: string[]) => execFileSync('git', args, { cwd: at('repo') });
    git('init', '--quiet', '--initial-branch=main');
    git('add', '-A');
    git('-c', 'user.email=a@example.com', '-c', 'user.name=A', 'commit', '--quiet', '-m', 'first');
    const program = await writeCodexWrapper(folder(), codex, model.url);
    env = { RLM_CODEX: program, CODEX_HOME: at('no-login'), PLANNED_TEST_KEY: wrapperKey };
    servers = [];
  });

  afterEach(async () => {
    servers.forEach(({ child }) => child.kill('SIGTERM'));
    await Promise.all(servers.map(({ ended }) => ended));
    await model.close();
  });

  const launch = (args: readonly string[], cwd = at('repo')): Started =>
    start(args, { home: at('home'), cwd, env });
  const agents = (...args: readonly string[]): Promise<Ended> => launch(['agents', ...args]).ended;
  const readJson = async (...args: readonly string[]): Promise<Json> => {
    const { output, errors } = await agents(...args, '--json');
    assert.notEqual(output, '', errors);
    return JSON.parse(output) as Json; // our own document
  };
  const serve = async (root: string): Promise<Started> => {
    const server = launch(['serve', '--port', '0', '--root', root], root);
    servers.push(server);
    await server.until('http://127.0.0.1');
    return server;
  };
  const spawn = async (steps: readonly PlannedStep[], ...more: readonly string[]) => {
    const ended = await agents('spawn', '--task', plan(steps), ...more);
    return { ...ended, id: ended.output.trim() };
  };
  /** Looked at on the disk, as a process for each look would take long. */
  const untilStatus = async (id: string, status: string): Promise<Json> => {
    const traces = await openTraces({ home: at('home') });
    while ((await traces.readSummary(id))?.status !== status) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    traces.dispose();
    return readJson('show', id);
  };

  it('says how Codex is installed where it is missing', async () => {
    env = { ...env, RLM_CODEX: at('nothing') };
    const { exitCode, errors } = await spawn([{ say: 'x' }]);
    assert.equal(exitCode, 1);
    assert.match(errors, /BACKEND_UNAVAILABLE[^]*npm install -g @openai\/codex/u);
  });

  it('works by itself where no engine runs, and its work is kept until it is told otherwise', async () => {
    const steps = [run('echo hello'), patch('*** Add File: b.txt\n+new'), { say: 'All done.' }];
    const ran = await spawn(steps);
    assert.equal(ran.exitCode, 0, ran.errors);
    assert.match(ran.errors, /Its work: 1 changed file, not committed, in /u);
    assert.match(ran.output, /Command done[^]*echo hello[^]*add b\.txt[^]*All done\./u);
    const { runs } = await readJson('list');
    const [row] = runs as Json[]; // our own document
    assert.deepStrictEqual([row?.['status'], row?.['profile_id']], ['completed', 'generalist']);
    const id = String(row?.['session_id']);
    const shown = await readJson('show', id.slice(0, 18));
    const workspace = String(shown['workspace']);
    assert.equal(await readFile(path.join(workspace, 'b.txt'), 'utf8'), 'new\n');
    assert.equal(existsSync(at('repo', 'b.txt')), false);

    const kept = await agents('clean', '--yes');
    assert.match(kept.output, /^keep .* 1 changed file, 0 commits/u);
    assert.equal(existsSync(workspace), true);
    const asked = await agents('clean', '--force');
    assert.match(asked.output + asked.errors, /remove[^]*Nothing is removed/u);
    assert.equal(existsSync(workspace), true);
    const cleaned = await agents('clean', id, '--force', '--yes');
    assert.match(cleaned.errors, /Removed 1 worktree/u);
    assert.equal(existsSync(workspace), false);
  });

  it('is spawned in the engine that runs, and followed, answered and stopped from anywhere', async () => {
    await serve(at('repo'));
    const file = at('outside.txt');
    const spawned = await spawn([runOutside(`touch ${file}`), run('sleep 1000'), { say: 'never' }]);
    assert.deepStrictEqual([spawned.exitCode, spawned.id.length], [0, 36], spawned.errors);
    const watching = launch(['agents', 'watch', spawned.id]);
    const waiting = await untilStatus(spawned.id, 'awaiting_approval');
    const [approval] = waiting['approvals'] as Json[]; // our own document
    assert.match(String(approval?.['command']), /touch/u);
    const unanswered = await agents('approve', spawned.id);
    assert.deepStrictEqual([unanswered.exitCode, existsSync(file)], [2, false]);
    assert.match(unanswered.errors, /\| .*touch/u);
    assert.equal((await agents('approve', spawned.id, '--accept')).exitCode, 0);
    await watching.until('Command done');
    assert.equal(existsSync(file), true);
    const stopped = await agents('stop', spawned.id);
    assert.match(stopped.output, /is terminated/u);
    const watched = await watching.ended;
    assert.deepStrictEqual([watched.exitCode, await listLeftovers(spawned.id)], [3, []]);
    assert.match(watched.output, /Accepted by a person[^]*Terminated/u);
    const none = await agents('approve', spawned.id, '--accept');
    assert.match(none.errors, /waits for no approval/u);
    assert.match((await agents('stop', '--all')).errors, /No run is at work/u);
  });

  it('is left alone by Ctrl+C, and watched on when its engine is killed', async function () {
    if (process.platform === 'win32') {
      this.skip(); // there a signal ends a process on the spot
    }
    const server = await serve(at('repo'));
    const { id } = await spawn([run('echo begun; sleep 1000'), { say: 'never' }]);
    const left = launch(['agents', 'watch', id]);
    await left.until('Command started');
    left.child.kill('SIGINT');
    const { exitCode, errors } = await left.ended;
    assert.equal(exitCode, 130);
    assert.match(errors, new RegExp(`The agent goes on[^]*agents stop ${id}`, 'u'));
    assert.equal((await readJson('show', id))['status'], 'running');
    const watching = launch(['agents', 'watch', id]);
    await watching.until('Command started');
    server.child.kill('SIGKILL');
    assert.equal((await watching.ended).exitCode, 1);
    assert.equal((await readJson('show', id))['status'], 'interrupted');
    const resumed = await agents('resume', id, '--task', plan([{ say: 'Back again.' }]));
    assert.equal(resumed.exitCode, 0, resumed.errors);
    assert.match(resumed.output, /Back again\./u);
    assert.deepStrictEqual(await listLeftovers(id), []);
  });

  it('is interrupted with the command that held it, and nothing of it runs on', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const running = launch([
      ...['agents', 'spawn', '--task', plan([run('sleep 1000'), { say: 'never' }])],
    ]);
    await running.until('Command started');
    running.child.kill('SIGINT');
    const { exitCode, errors } = await running.ended;
    assert.equal(exitCode, 130);
    const id = /agents resume (\S+)/u.exec(errors)?.[1] ?? '';
    assert.equal((await readJson('show', id))['status'], 'interrupted');
    assert.deepStrictEqual(await listLeftovers(id), []);
    assert.deepStrictEqual(await readdir(at('home', 'engines')), []);
  });

  it('reaches a run of a client that has an engine of its own', async () => {
    const client = createClient();
    const args = [programFile, '--home', at('home'), 'mcp'];
    const command = { command: process.execPath, args, cwd: at('repo'), stderr: 'ignore' } as const;
    const path = process.env['PATH'] ?? '';
    await client.connect(
      new StdioClientTransport({ ...command, env: { PATH: path, HOME: folder(), ...env } }),
    );
    try {
      const steps = plan([run('sleep 1000'), { say: 'never' }]);
      const given = { profile_id: 'generalist', custom_prompt: steps };
      const { session_id: id } = await callOk(client, 'spawn_agent', given);
      await untilStatus(String(id), 'running');
      assert.match((await agents('stop', String(id))).output, /is terminated/u);
      const { status } = await callOk(client, 'summarize_session', { session_id: id });
      assert.equal(status, 'terminated');
    } finally {
      await client.close();
    }
  });

  it('takes an engine of its own where the one that runs may not work there', async () => {
    await mkdir(at('other'));
    await serve(at('other'));
    const ran = await spawn([{ say: 'Here.' }], '--json');
    const shown = JSON.parse(ran.output) as Json; // our own document
    assert.deepStrictEqual([ran.exitCode, shown['status']], [0, 'completed']);
    assert.match(ran.errors, /is not asked: .*outside the folders/u);
  });
});
