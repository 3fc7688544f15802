// Agents as a client of MCP has them: the real Codex in a real repository, over a planned model.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { listLeftovers } from '../../../src/agents/codex/leftovers';
import { createEngine } from '../../../src/runtime';
import { requireCodex } from '../../support/codex';
import { callError, callOk, connectClient, createClient } from '../../support/mcpClient';
import {
  patch,
  plan,
  type PlannedModel,
  run,
  runOutside,
  startPlannedModel,
} from '../../support/plannedModel';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

const modelKey = 'sk-planned-0123456789abcdef';

describe('the tools of agents', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let codex: string;
  let model: PlannedModel;
  let engine: Awaited<ReturnType<typeof createEngine>>;
  let client: Client;
  const repository = (): string => path.join(folder(), 'repo');
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: repository(), encoding: 'utf8' });

  before(async function () {
    codex = await requireCodex(this);
  });

  beforeEach(async () => {
    model = await startPlannedModel();
    await mkdir(repository());
    await writeFile(path.join(repository(), 'a.txt'), 'one\n');
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.email', 'a@example.com');
    git('config', 'user.name', 'A');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'first');
    ({ engine, client } = await start());
  });

  afterEach(async () => {
    await client.close();
    await engine.close();
    await model.close();
  });

  async function start(roots: readonly string[] = [repository()]) {
    const started = await createEngine({
      home: path.join(folder(), 'home'),
      roots,
      baseFolder: repository(),
      log: () => undefined,
      sandboxFolder,
      agents: {
        places: () => ({
          setting: codex,
          environment: { PATH: process.env['PATH'], HOME: folder() },
          untrusted: [],
          platform: process.platform,
          arch: process.arch,
          nodePath: process.execPath,
        }),
        provider: () => ({
          settings: {
            model: 'gpt-5.5',
            model_provider: 'planned',
            model_providers: {
              planned: {
                name: 'Planned',
                base_url: model.url,
                env_key: 'PLANNED_KEY',
                wire_api: 'responses',
                request_max_retries: 0,
                stream_max_retries: 1,
              },
            },
          },
          environment: { PLANNED_KEY: modelKey },
          login: null,
        }),
        readSecrets: () => [modelKey],
      },
    });
    return { engine: started, client: await connectClient(started) };
  }

  async function spawn(steps: Parameters<typeof plan>[0], more: Json = {}): Promise<Json> {
    return callOk(client, 'spawn_agent', {
      profile_id: 'generalist',
      custom_prompt: plan(steps),
      ...more,
    });
  }

  it('an agent changes files on a branch of its own, and says by what each item was done', async () => {
    await writeFile(path.join(repository(), 'b.txt'), 'not committed\n');
    const spawned = await spawn(
      [
        run('npm --version'),
        patch('*** Add File: test_new.txt\n+hello'),
        run('echo more > by_command.txt; echo tests pass # test'),
        { say: 'All done.' },
      ],
      { profile_id: 'test_writer', wait_ms: 60_000 },
    );
    assert.equal(spawned['status'], 'completed');
    const read = await callOk(client, 'summarize_session', { session_id: spawned['session_id'] });
    const checklist = read['checklist'] as Json[]; // of the tool's own schema
    assert.deepStrictEqual(
      checklist.map(({ id, done }) => [id, done]),
      [
        ['written', true],
        ['green', true],
      ],
    );
    assert.match(String(read['summary']), /add test_new\.txt[^]*add by_command\.txt/u);
    assert.match(String(read['summary']), /All done\./u);
    const workspace = String(read['workspace']);
    assert.equal(await readFile(path.join(workspace, 'test_new.txt'), 'utf8'), 'hello\n');
    assert.equal(existsSync(path.join(repository(), 'test_new.txt')), false);
    assert.equal(git('status', '--porcelain'), '?? b.txt\n');
    const trace = await callOk(client, 'rlm_get_trace', { session_id: spawned['session_id'] });
    assert.match(JSON.stringify(trace['events']), /Not in it[^"]*b\.txt/u);
    assert.match(model.requests[0]?.input ?? '', /Not in it[^"]*b\.txt/u);
    assert.match(git('branch', '--list', 'rlm/*'), /rlm\/test_writer-/u);
  });

  it('what asks for more waits for a person, and is done only when it is accepted', async () => {
    for (const decision of ['accept', 'decline']) {
      const file = path.join(folder(), `outside-${decision}`);
      const { session_id: id } = await spawn([runOutside(`touch ${file}`), { say: 'done' }]);
      const waiting = await untilStatus(String(id), 'awaiting_approval');
      const [approval] = waiting['approvals'] as Json[]; // of the tool's own schema
      assert.match(String(approval?.['command']), /touch/u);
      assert.equal(existsSync(file), false);
      await callOk(client, 'approve_agent', {
        session_id: id,
        approval_id: approval?.['approval_id'],
        decision,
      });
      await untilStatus(String(id), 'completed');
      assert.equal(existsSync(file), decision === 'accept');
      assert.equal(
        (
          await callError(client, 'approve_agent', {
            session_id: id,
            approval_id: approval?.['approval_id'],
            decision: 'accept',
          })
        ).code,
        'INVALID_INPUT',
      );
    }
  });

  it('a client that can ask its person is asked while it waits, and the answer counts', async () => {
    const asking = createClient({ elicitation: { form: {} } });
    const messages: string[] = [];
    asking.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      messages.push(params.message);
      return { action: 'accept', content: { answer: 'Accept once' } };
    });
    await connectClient(engine, {}, asking);
    const file = path.join(folder(), 'outside-asked');
    const ended = await callOk(asking, 'spawn_agent', {
      profile_id: 'generalist',
      custom_prompt: plan([runOutside(`touch ${file}`), { say: 'done' }]),
      wait_ms: 60_000,
    });
    await asking.close();
    assert.equal(ended['status'], 'completed', JSON.stringify(ended));
    assert.ok(existsSync(file));
    assert.equal(messages.length, 1);
    assert.ok(messages[0]?.includes(file));
  });

  it('stop ends the commands of an agent, and it can be gone on with', async () => {
    const { session_id: id } = await spawn([run('sleep 300'), { say: 'done' }]);
    const sessionId = String(id);
    while ((await listLeftovers(sessionId)).length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const ended = await callOk(client, 'terminate_session', { session_id: sessionId });
    assert.equal(ended['status'], 'terminated');
    assert.deepStrictEqual(await listLeftovers(sessionId), []);
    const twice = await callOk(client, 'terminate_session', { session_id: sessionId });
    assert.equal(twice['status'], 'terminated');
    const again = await callOk(client, 'spawn_agent', {
      resume_session_id: sessionId,
      custom_prompt: plan([{ say: 'Back again.' }]),
      wait_ms: 60_000,
    });
    assert.equal(again['status'], 'completed', JSON.stringify(again));
    const read = await callOk(client, 'summarize_session', { session_id: sessionId });
    assert.match(String(read['summary']), /Back again\./u);
  });

  it('a message begins another turn, and a note is on record with its number', async () => {
    const { session_id: id } = await spawn([{ say: 'First.' }], { wait_ms: 60_000 });
    await callOk(client, 'agent_message', { session_id: id, text: plan([{ say: 'Second.' }]) });
    await untilStatus(String(id), 'completed');
    const { id: noteId } = await callOk(client, 'log_context', {
      session_id: id,
      note: 'Remember this.',
      tags: ['later'],
    });
    const trace = await callOk(client, 'rlm_get_trace', { session_id: id, detail: 'full' });
    const events = trace['events'] as Json[]; // of the tool's own schema
    assert.match(JSON.stringify(events), /First\.[^]*Second\.[^]*Remember this\./u);
    assert.match(String(noteId), new RegExp(`^${String(id)}:\\d+$`, 'u'));
  });

  it('an engine that ends tells its agents’ traces, and the next one knows them', async () => {
    const { session_id: id } = await spawn([run('sleep 300'), { say: 'done' }]);
    await untilStatus(String(id), 'running');
    await client.close();
    await engine.close();
    ({ engine, client } = await start());
    const { runs } = await callOk(client, 'list_agents', {});
    assert.deepStrictEqual(
      (runs as Json[]).map((one) => [one['session_id'], one['status']]),
      [[id, 'interrupted']],
    );
  });

  it('a key is in no event, file or reply, however an agent prints it', async () => {
    const key = modelKey;
    const base64 = Buffer.from(key).toString('base64');
    const { session_id: id } = await spawn(
      [
        run(`echo ${key}; echo ${base64}; env; cat /proc/self/environ | tr '\\0' '\\n'`),
        { say: `The key is ${key}.` },
      ],
      { wait_ms: 60_000 },
    );
    const replies = [
      await callOk(client, 'summarize_session', { session_id: id }),
      await callOk(client, 'rlm_get_trace', { session_id: id, detail: 'full' }),
      await callOk(client, 'list_agents', {}),
    ];
    const trace = path.join(folder(), 'home', 'sessions', String(id), 'trace.jsonl');
    const text = `${await readFile(trace, 'utf8')}${JSON.stringify(replies)}`;
    assert.match(text, /masked: known secret/u);
    assert.equal(text.includes(key), false);
    assert.equal(text.includes(base64), false);
  });

  it('limits end a run, and the call cannot widen its profile', async () => {
    const wide = await callError(client, 'spawn_agent', {
      profile_id: 'code_reviewer',
      custom_prompt: 'x',
      flags: { sandbox: 'workspace-write' },
    });
    assert.equal(wide.code, 'INVALID_INPUT');
    const { session_id: id } = await spawn(
      [run('echo 1'), run('echo 2'), run('echo 3'), run('echo 4'), { say: 'done' }],
      { limits: { commands: 2 }, wait_ms: 60_000 },
    );
    const read = await callOk(client, 'summarize_session', { session_id: id });
    assert.equal(read['status'], 'terminated');
    assert.match(String(read['summary']), /limit commands/u);
  });

  it('a command that the sandbox keeps from something is told as failed, and counted', async () => {
    const denied = run('echo x > /etc/rlm-denied');
    const { session_id: id, branch } = await spawn([denied, denied, denied, { say: 'done' }], {
      limits: { commands: 2 },
      wait_ms: 60_000,
    });
    const read = await callOk(client, 'summarize_session', { session_id: id });
    assert.equal(read['status'], 'terminated');
    assert.match(String(read['summary']), /[23] commands \([23] failed, 0 refused\)/u);
    assert.match(String(branch), /^rlm\/generalist-/u);
    const trace = await callOk(client, 'rlm_get_trace', { session_id: id, detail: 'full' });
    assert.match(JSON.stringify(trace), /Read-only file system/u);
  });

  it('a prompt reaches Codex though half a surrogate pair stands in it', async () => {
    const said = await callOk(client, 'spawn_agent', {
      profile_id: 'generalist',
      custom_prompt: `a\ud800b \0 \\ud800 ${plan([{ say: 'Read.' }])}`,
      wait_ms: 60_000,
    });
    assert.equal(said['status'], 'completed');
    assert.match(model.requests.at(-1)?.input ?? '', /a\ufffdb \\u0000 \\\\ud800/u);
  });

  it('a run that is resumed keeps what it was spawned with, and no prompt is blank', async () => {
    const { session_id: id } = await spawn([{ say: 'One.' }], { wait_ms: 60_000 });
    const given = { resume_session_id: id, custom_prompt: plan([{ say: 'Two.' }]) };
    for (const anew of [
      { profile_id: 'code_reviewer' },
      { goalset: ['x'] },
      { inputs: { x: 'x' } },
      { working_dir: repository() },
      { isolation: 'folder' },
      { flags: { network: false } },
      { limits: { commands: 0 } },
    ]) {
      const error = await callError(client, 'spawn_agent', { ...given, ...anew });
      assert.equal(error.code, 'INVALID_INPUT');
      assert.match(error.message, new RegExp(Object.keys(anew).join(), 'u'));
    }
    for (const [tool, args] of [
      ['spawn_agent', { profile_id: 'generalist', custom_prompt: ' \n\t\u00a0' }],
      ['agent_message', { session_id: id, text: '  ' }],
    ] as const) {
      assert.match((await callError(client, tool, args)).message, /blank/u);
    }
    const again = await callOk(client, 'spawn_agent', { ...given, wait_ms: 60_000 });
    assert.match(JSON.stringify(again['events']), /Two\./u);
  });

  it('nothing is worked on because the engine was started there', async () => {
    const other = await start([]);
    const refused = await callError(other.client, 'spawn_agent', {
      profile_id: 'generalist',
      custom_prompt: plan([{ say: 'done' }]),
    });
    assert.equal(refused.code, 'PATH_NOT_ALLOWED');
    await other.client.close();
    await other.engine.close();
  });

  it('what needs a REPL refuses an agent run, and what is not there is named', async () => {
    const { session_id: id } = await spawn([{ say: 'done' }], { wait_ms: 60_000 });
    for (const [tool, args] of [
      ['rlm_run_repl', { code: '1' }],
      ['rlm_get_var', { var_name: 'x' }],
      ['rlm_finalize', { final_text: 'x' }],
      ['rlm_fork', {}],
      ['sandbox_files', { sandbox_id: id }],
    ] as const) {
      const given = tool === 'sandbox_files' ? args : { session_id: id, ...args };
      assert.equal((await callError(client, tool, given)).code, 'INVALID_INPUT', tool);
    }
    for (const [tool, args] of [
      ['agent_message', { text: 'x' }],
      ['approve_agent', { approval_id: 'x', decision: 'accept' }],
      ['summarize_session', {}],
      ['terminate_session', {}],
      ['log_context', { note: 'x' }],
    ] as const) {
      const error = await callError(client, tool, { session_id: 'nobody-000', ...args });
      assert.equal(error.code, 'AGENT_NOT_FOUND', tool);
    }
    const none = await callError(client, 'spawn_agent', {
      profile_id: 'nobody',
      custom_prompt: 'x',
    });
    assert.equal(none.code, 'PROFILE_NOT_FOUND');
  });

  async function untilStatus(sessionId: string, status: string): Promise<Json> {
    for (;;) {
      const read = await callOk(client, 'summarize_session', { session_id: sessionId });
      if (read['status'] === status) {
        return read;
      }
      assert.ok(
        !['failed', 'interrupted', 'terminated'].includes(String(read['status'])),
        JSON.stringify(read),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
