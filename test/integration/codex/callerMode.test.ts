// The calling agent answers by itself: the real Codex CLI, with neither keys nor sampling, is asked what the
// code of its session asks, and writes the code of a whole run.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireCodex } from '../../support/codex';
import { type Script, startScriptedModel } from '../../support/scriptedModel';
import { useTempFolder } from '../../support/tempFolder';
import { start } from '../cli/program';
import { CodexHome, type CodexRun } from './codexProgram';

const call = (name: string, args: Readonly<Record<string, unknown>>) =>
  ({ kind: 'call', namespace: 'mcp__rlm', name, args }) as const;

/** A string field of the last tool's result, as Codex shows it to its model. */
function read(outputs: readonly string[], field: string): string {
  const pattern = new RegExp(`\\\\*"${field}\\\\*":\\s*\\\\*"([^"\\\\]*)`, 'u');
  return pattern.exec(outputs.at(-1) ?? '')?.[1] ?? 'none';
}

function toAnswer(outputs: readonly string[], sessionId: string, text: string) {
  return call('rlm_answer', {
    session_id: sessionId,
    answers: [{ id: read(outputs, 'id'), text }],
  });
}

describe('the Codex CLI as the model', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  let codex: string;
  let sessionId: string;

  before(async function () {
    codex = await requireCodex(this);
  });

  beforeEach(async () => {
    await mkdir(at('work'));
    await writeFile(at('work', 'words.txt'), 'anvil\nharbour\nanvil\n');
  });

  /** Over stdio, with an engine of its own. */
  async function runCodex(script: Script): Promise<CodexRun> {
    const model = await startScriptedModel(script);
    const codexHome = new CodexHome(folder());
    try {
      await codexHome.create(model.url);
      const { exitCode, errors } = await start(['connect', 'codex', '--write'], {
        home: at('home'),
        cwd: at('work'),
        env: { CODEX_HOME: codexHome.path },
      }).ended;
      assert.equal(exitCode, 0, errors);
      return await codexHome.exec(codex, ['Which word?'], { cwd: at('work') });
    } finally {
      await model.close();
    }
  }

  it('answers what the code of a step asks, and the step goes on', async () => {
    const code = 'kind = llm_query("Which thing is a tool? " + context)\nkind.upper()';
    const run = await runCodex([
      () => call('rlm_init_context', { context_paths: [at('work', 'words.txt')] }),
      (outputs) => {
        sessionId = read(outputs, 'session_id');
        return call('rlm_run_repl', { session_id: sessionId, code });
      },
      (outputs) => toAnswer(outputs, sessionId, 'anvil'),
      () => call('rlm_finalize', { session_id: sessionId, final_var_name: 'kind' }),
      () => ({ kind: 'say', text: 'Done.' }),
    ]);
    const [, asked, answered, ended] = readResults(run, [
      'rlm_init_context',
      'rlm_run_repl',
      'rlm_answer',
      'rlm_finalize',
    ]);
    const [prompt] = asked?.['pending_prompts'] as Record<string, unknown>[]; // compared below
    assert.deepStrictEqual(
      [prompt?.['purpose'], prompt?.['prompt'], answered?.['result'], ended?.['final_answer']],
      ['sub_call', 'Which thing is a tool? anvil\nharbour\nanvil\n', "'ANVIL'", 'anvil'],
    );
    assert.deepStrictEqual(await readModels(), ['caller/agent']);
  });

  it('writes the code of a whole run, and answers what that code asks', async () => {
    const block = (code: string): string => `I run this next.\n\n\`\`\`repl\n${code}\n\`\`\``;
    const run = await runCodex([
      () =>
        call('rlm_execute', {
          task: 'How often does the tool come?',
          context_paths: [at('work', 'words.txt')],
        }),
      (outputs) => {
        sessionId = read(outputs, 'session_id');
        return toAnswer(outputs, sessionId, block('tool = llm_query("The tool? " + context)'));
      },
      (outputs) => toAnswer(outputs, sessionId, 'anvil'),
      (outputs) => toAnswer(outputs, sessionId, block('FINAL(context.count(tool))')),
      () => ({ kind: 'say', text: 'Done.' }),
    ]);
    const results = readResults(run, ['rlm_execute', 'rlm_answer', 'rlm_answer', 'rlm_answer']);
    assert.deepStrictEqual(
      results.map((result) => [result['status'], result['answer']]),
      [
        ['waiting', null],
        ['waiting', null],
        ['waiting', null],
        ['finished', '2'],
      ],
    );
    assert.deepStrictEqual(await readModels(), Array<string>(3).fill('caller/agent'));
  });

  /** Which models the trace on disk says answered. */
  async function readModels(): Promise<readonly unknown[]> {
    const text = await readFile(at('home', 'sessions', sessionId, 'trace.jsonl'), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>) // our own file
      .filter(({ kind }) => kind === 'model.answered')
      .map(({ model }) => model);
  }
});

/** The structured results of exactly these calls. */
function readResults(
  run: CodexRun,
  tools: readonly string[],
): readonly Readonly<Record<string, unknown>>[] {
  assert.equal(run.exitCode, 0, run.errors);
  const calls = run.items.filter(({ type }) => type === 'mcp_tool_call');
  assert.deepStrictEqual(
    calls.map(({ tool, status }) => [tool, status]),
    tools.map((tool) => [tool, 'completed']),
    run.errors,
  );
  return calls.map(({ result }) => result?.structured_content ?? {});
}
