// Whole sessions driven by the real Codex CLI, whose model is a script, over each way to an engine.

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireCodex } from '../../support/codex';
import { type RunningServer, readEndpoint, startServer } from '../../support/engineProcess';
import { type Script, type ScriptedModel, startScriptedModel } from '../../support/scriptedModel';
import { useTempFolder } from '../../support/tempFolder';
import { start } from '../cli/program';
import { CodexHome, type CodexItem, type CodexRun } from './codexProgram';

const timeoutMs = 120_000;
const isWindows = process.platform === 'win32';
const log = Array.from({ length: 2_000 }, (_, line) =>
  line % 100 === 42 ? `ERROR disk ${line}\n` : `INFO fine ${line}\n`,
).join('');
const steps = [
  'hits = grep(r"ERROR disk (\\d+)")\nprint(len(hits))',
  'lines = [hit.line for hit in hits]\nreport = {"errors": len(lines), "first": lines[0], "last": lines[-1]}\nreport',
];
const report = { errors: 20, first: 43, last: 1943 };

function toScript(file: string): Script {
  const call = (name: string, args: Readonly<Record<string, unknown>>) =>
    ({ kind: 'call', namespace: 'mcp__rlm', name, args }) as const;
  const toId = (outputs: readonly string[]): string =>
    /session_id\\*":\s*\\*"([0-9a-f-]{36})/u.exec(outputs[0] ?? '')?.[1] ?? 'none';
  return [
    () => call('rlm_init_context', { context_paths: [file], title: 'By Codex' }),
    ...steps.map(
      (code) => (outputs: readonly string[]) =>
        call('rlm_run_repl', { session_id: toId(outputs), code }),
    ),
    (outputs) => call('rlm_finalize', { session_id: toId(outputs), final_var_name: 'report' }),
    () => ({ kind: 'say', text: 'All counted.' }),
  ];
}

describe('the Codex CLI', function () {
  this.timeout(timeoutMs);
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  let codex: string;
  let codexHome: CodexHome;
  let model: ScriptedModel;
  let server: RunningServer | null;

  before(async function () {
    codex = await requireCodex(this);
  });

  beforeEach(async () => {
    server = null;
    await mkdir(at('work'));
    await writeFile(at('work', 'server.log'), log);
    model = await startScriptedModel(toScript(at('work', 'server.log')));
    codexHome = new CodexHome(folder());
    await codexHome.create(model.url);
  });

  afterEach(async () => {
    await model.close();
    await server?.end(isWindows ? 'SIGKILL' : 'SIGTERM');
  });

  /** By our own command, into the person's own file. */
  const connect = async (...args: readonly string[]): Promise<void> => {
    const file = path.join(codexHome.path, 'config.toml');
    const before = await readFile(file, 'utf8');
    const { exitCode, errors } = await start(['connect', 'codex', '--write', ...args], {
      home: at('home'),
      cwd: at('work'),
      env: { CODEX_HOME: codexHome.path },
    }).ended;
    assert.equal(exitCode, 0, errors);
    assert.ok((await readFile(file, 'utf8')).startsWith(before));
  };
  const runCodex = (
    options: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
  ): Promise<CodexRun> =>
    codexHome.exec(codex, [...(options.args ?? []), 'Count the disk errors.'], {
      cwd: at('work'),
      env: options.env ?? {},
    });

  it('works a session over stdio with an engine of its own', async () => {
    await connect();
    const run = await runCodex();
    assertWorked(run);
    await assertTraced(run, at('home'));
    assert.deepStrictEqual(await readdir(at('home', 'engines')), []);
  });

  it('works a session over stdio in the engine that runs', async () => {
    server = await startServer({ home: at('home'), root: at('work') });
    const engineId = path.basename(server.tokenFile, '.json');
    await connect();
    const run = await runCodex();
    assertWorked(run);
    assert.equal(await assertTraced(run, at('home')), engineId);
    assert.deepStrictEqual(await readdir(at('home', 'engines')), [`${engineId}.json`]);
  });

  it('answers a question in one call, whose terse reply is what its model reads', async () => {
    const read: string[] = [];
    const args = {
      ...{ context_paths: [at('work', 'server.log')], verbosity: 'terse', help: false },
      ...{ code: 'FINAL(count(r"ERROR disk"))', finalize: true },
    };
    await model.close();
    model = await startScriptedModel([
      () => ({ kind: 'call', namespace: 'mcp__rlm', name: 'rlm_init_context', args }),
      (outputs) => {
        read.push(...outputs);
        return { kind: 'say', text: 'Twenty.' };
      },
    ]);
    await codexHome.create(model.url);
    await connect();
    const run = await runCodex();
    assert.equal(run.exitCode, 0, run.errors);
    const [content, ...others] = toCalls(run).map(({ result }) => result?.structured_content ?? {});
    const { session_id: id, ...reply } = content ?? {};
    assert.ok(id);
    assert.deepStrictEqual(
      [reply, others],
      [
        {
          step: { finish_reason: 'completed', final_answer: '20', step_index: 1 },
          context: {
            variable: 'context',
            total_chars: log.length,
            total_lines: 2_000,
            shape: 'string',
          },
          repl: { language: 'python' },
        },
        [],
      ],
    );
    const [shown = ''] = read;
    assert.ok(shown.includes('final_answer') && shown.length < 800, shown);
  });

  it('works a session over HTTP with a token from its environment', async () => {
    server = await startServer({ home: at('home'), root: at('work') });
    const { token } = await readEndpoint(server.tokenFile);
    await connect('--http');
    const config = await readFile(path.join(codexHome.path, 'config.toml'), 'utf8');
    assert.ok(!config.includes(token));
    const run = await runCodex({
      args: ['-c', 'mcp_servers.rlm.required=true'],
      env: { RLM_TOKEN: token },
    });
    assertWorked(run);
    assert.equal(await assertTraced(run, at('home')), path.basename(server.tokenFile, '.json'));
  });
});

function toCalls({ items }: CodexRun): readonly CodexItem[] {
  return items.filter(({ type }) => type === 'mcp_tool_call');
}

function assertWorked(run: CodexRun): void {
  assert.equal(run.exitCode, 0, run.errors);
  const calls = toCalls(run);
  assert.deepStrictEqual(
    calls.map(({ server, tool, status }) => ({ server, tool, status })),
    ['rlm_init_context', 'rlm_run_repl', 'rlm_run_repl', 'rlm_finalize'].map((tool) => ({
      server: 'rlm',
      tool,
      status: 'completed',
    })),
    run.errors,
  );
  const contents = calls.map(({ result }) => result?.structured_content ?? {});
  assert.deepStrictEqual(
    [contents[1]?.['stdout'], contents[2]?.['result'], contents[3]?.['finish_reason']],
    ['20\n', "{'errors': 20, 'first': 43, 'last': 1943}", 'completed'],
  );
  assert.deepStrictEqual(JSON.parse(String(contents[3]?.['final_answer'])), report);
  assert.equal(run.items.findLast(({ type }) => type === 'agent_message')?.text, 'All counted.');
}

/** What is on disk of the session. Returns the id of the engine that ran it. */
async function assertTraced(run: CodexRun, home: string): Promise<string> {
  const id = String(toCalls(run)[0]?.result?.structured_content?.['session_id']);
  const text = await readFile(path.join(home, 'sessions', id, 'trace.jsonl'), 'utf8');
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>); // our own file
  assert.deepStrictEqual(
    events.filter(({ kind }) => kind === 'step.started').map(({ code }) => code),
    steps,
  );
  const finalized = events.find(({ kind }) => kind === 'session.finalized');
  assert.deepStrictEqual(JSON.parse(String(finalized?.['answer'])), report);
  return String(events[0]?.['engine_id']);
}
