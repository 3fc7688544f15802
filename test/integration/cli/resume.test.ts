import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readEndpoint, startServer } from '../../support/engineProcess';
import { callOk, connectHttpClient } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';
import { type Ended, start } from './program';

interface Listed {
  readonly session_id: string;
  readonly title: string;
  readonly status: string;
  readonly usage: { readonly steps: number };
}

describe('rlm-companion resume and fork', () => {
  const folder = useTempFolder();
  const at = (name: string): string => path.join(folder(), name);
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    start(args, {
      home: at('home'),
      cwd: folder(),
      ...(input === undefined ? {} : { input }),
    }).ended;
  const list = async (): Promise<readonly Listed[]> =>
    (JSON.parse((await run(['sessions', '--json'])).output) as { sessions: Listed[] }).sessions;
  /** A session of two steps whose engine has ended. */
  const leaveSession = async (): Promise<string> => {
    await writeFile(at('a.log'), 'INFO start\nERROR disk failed\n');
    await writeFile(at('code.py'), 'n = len(context)\n# %%\nn += 1\nn');
    assert.equal(
      (await run(['run', 'a.log', '--code', 'code.py', '--title', 'First'])).exitCode,
      0,
    );
    return (await list())[0]?.session_id ?? '';
  };

  it('resumes a session by the beginning of its id, with its variables', async () => {
    const id = await leaveSession();
    const { exitCode, output, errors } = await run(['resume', id.slice(0, 30)], 'n');
    assert.deepStrictEqual({ exitCode, output }, { exitCode: 0, output: '30\n' });
    assert.match(errors, /2 recorded steps again, all as recorded/u);
    const sessions = await list();
    assert.deepStrictEqual(
      sessions.map(({ session_id, usage }) => [session_id, usage.steps]),
      [[id, 3]],
    );
  });

  it('reads files again from where they were, whatever the current folder is', async () => {
    const id = await leaveSession();
    await mkdir(at('elsewhere'));
    for (const command of ['resume', 'fork']) {
      const { ended } = start([command, id], {
        home: at('home'),
        cwd: at('elsewhere'),
        input: 'n',
      });
      const { exitCode, output } = await ended;
      assert.deepStrictEqual({ exitCode, output }, { exitCode: 0, output: '30\n' });
    }
  });

  it('forks a session after a step, under a title of its own', async () => {
    const id = await leaveSession();
    const forked = await run(['fork', id, '--at', '1', '--title', 'Second'], 'n');
    assert.deepStrictEqual([forked.exitCode, forked.output], [0, '29\n']);
    const sessions = await list();
    assert.deepStrictEqual(
      sessions.map(({ title, usage }) => [title, usage.steps]),
      [
        ['Second', 2],
        ['First', 2],
      ],
    );
  });

  it('says where running the record again did not do what it says', async () => {
    const id = await leaveSession();
    await writeFile(at('a.log'), 'INFO other\n');
    const resumed = await run(['resume', id, '--json'], 'n');
    const { replay, steps } = JSON.parse(resumed.output) as {
      replay: { difference_count: number; differences: { step: number; field: string }[] };
      steps: { result: string }[];
    };
    assert.equal(steps[0]?.result, '12');
    assert.ok(replay.difference_count > 0);
    assert.ok(replay.differences.some(({ step, field }) => step === 2 && field === 'result'));
    const forked = await run(['fork', id], 'n');
    assert.match(forked.errors, /differences?\.[^]*step 2, result: 30 → 12/u);
  });

  it('refuses what is finalized, unknown, ambiguous, or beyond the last step', async () => {
    const id = await leaveSession();
    assert.match((await run(['fork', id, '--at', '9'], '1')).errors, /INVALID_INPUT/u);
    assert.match((await run(['resume', 'ffff'], '1')).errors, /SESSION_NOT_FOUND/u);
    assert.equal(
      (await run(['resume', id], 'FINAL("done")')).output.trim().split('\n').at(-1),
      'done',
    );
    assert.match((await run(['resume', id], '1')).errors, /SESSION_FINALIZED/u);
    assert.equal((await run(['fork', id], 'n')).output, '30\n');
    assert.match((await run(['resume', id.slice(0, 2)], '1')).errors, /2 sessions begin with/u);
  });

  it('does not take a session from the engine that runs it', async () => {
    await writeFile(at('a.log'), 'INFO start\n');
    const server = await startServer({ home: at('home'), root: folder() });
    const client = await connectHttpClient(await readEndpoint(server.tokenFile));
    try {
      const opened = await callOk(client, 'rlm_init_context', { context_paths: [at('a.log')] });
      const id = String(opened['session_id']);
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'n = 1' });
      assert.equal((await run(['resume', id], 'n')).exitCode, 2);
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'n + 1' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['2', 2]);
    } finally {
      await client.close();
      await server.end('SIGKILL');
    }
  });
});
