// The editor's language models, real ones of another extension: asked by runs, by sampling, and never
// before a person has allowed it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { readAttached } from '../../../src/extension/chat/chatContext';
import { callTool, findExtension, startTools, until, workspaceFolder } from './editorSupport';

interface Noted {
  readonly kind: 'asked' | 'cancelled';
  readonly last?: string;
}

interface TraceEntry {
  readonly detail: Readonly<Record<string, unknown>>;
}

const model = 'vscode/rule/one';
const question = 'How many errors are there, and of what kind?';

/** What the models of test/vscode/ruleModels were asked. */
function readNoted(): readonly Noted[] {
  const file = process.env['RLM_TEST_MODEL_LOG'] ?? '';
  try {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Noted); // as the extension writes them
  } catch {
    return []; // nothing was asked yet
  }
}

async function readModelCalls(sessionId: unknown): Promise<readonly TraceEntry['detail'][]> {
  const { events } = await callTool('rlm_get_trace', {
    session_id: sessionId,
    detail: 'full',
  });
  return (events as TraceEntry[])
    .filter(({ detail }) => 'prompt' in detail)
    .map(({ detail }) => detail);
}

async function readStatus(): Promise<{ readonly state: string; readonly detail: string }> {
  const { models } = await callTool('rlm_status', {});
  const all = models as { provider: string; state: string; detail: string }[];
  const own = all.find(({ provider }) => provider === 'vscode');
  assert.ok(own);
  return own;
}

export function describeModels(): void {
  describe('the editor’s language models', () => {
    const log = (): string => path.join(workspaceFolder(), 'server.log');
    const analyze = (args: Record<string, unknown>): Promise<Record<string, unknown>> =>
      callTool('rlm_analyze', { context_paths: [log()], question, ...args });

    before(async () => {
      await findExtension().activate();
      await vscode.extensions.getExtension('rlm-tests.rule-models')?.activate();
      await startTools();
    });

    it('are there, and are not asked by a run before a person has allowed it', async () => {
      assert.match((await readStatus()).detail, /the editor has \d+; allow one with/u);
      const failed = await analyze({ model });
      const error = JSON.stringify(failed['error']);
      assert.match(error, /MODEL_UNAVAILABLE.*RLM: Choose Models…/u);
      assert.deepStrictEqual(readNoted(), []);
    });

    it('can be chosen, which asks for consent and sends nothing', async () => {
      const choosing = vscode.commands.executeCommand('rlm.chooseModels');
      const configured = (): unknown => vscode.workspace.getConfiguration('rlm.models').get('loop');
      await until('the model is chosen', async () => {
        await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
        return configured() === '' ? undefined : true;
      });
      await choosing;
      assert.deepStrictEqual([configured(), readNoted()], [model, []]);
      assert.equal((await readStatus()).state, 'ready');
    });

    it('answer a run over a file of the workspace, and its trace says that they did', async () => {
      const { answer, session_id: sessionId } = await analyze({});
      assert.equal(answer, '20 errors: a full disk');
      const calls = await readModelCalls(sessionId);
      assert.deepStrictEqual(
        calls.map((call) => [call['purpose'], call['model'], call['tokens_estimated']]),
        [
          ['loop', model, true],
          ['sub_call', model, true],
          ['loop', model, true],
        ].sort(),
      );
    });

    it('are asked no more when a person stops the run', async () => {
      const started = await analyze({ question: 'Wait until you are stopped.', wait_ms: 0 });
      await until('the model is asked', () =>
        readNoted().some(({ last }) => last?.includes('Wait until')) ? true : undefined,
      );
      const node = { kind: 'session', sessionId: String(started['session_id']) };
      await vscode.commands.executeCommand('rlm.stop', node);
      await until('its request is cancelled', () =>
        readNoted().some(({ kind }) => kind === 'cancelled') ? true : undefined,
      );
    });

    it('answer by MCP sampling, where the editor lets them', async () => {
      const configuration = vscode.workspace.getConfiguration('chat.mcp');
      const allowed = { allowedDuringChat: true, allowedOutsideChat: true };
      const { Workspace } = vscode.ConfigurationTarget;
      await configuration.update('serverSampling', { 'RLM: RLM': allowed }, Workspace);
      const { answer, session_id: sessionId } = await analyze({
        model: 'sampling',
        sub_model: 'sampling',
      });
      assert.equal(answer, '20 errors: a full disk');
      const names = (await readModelCalls(sessionId)).map((call) => call['model']);
      assert.deepStrictEqual(new Set(names), new Set(['sampling/rule/one']));
    });

    it('read what is attached in the chat: files by path, selections as text', async () => {
      const uri = vscode.Uri.file(log());
      const lines = new vscode.Location(uri, new vscode.Range(0, 0, 1, 4));
      const attach = (id: string, value: unknown) => ({ id, name: id, value });
      assert.deepStrictEqual(
        [
          await readAttached([
            attach('vscode.file', uri),
            attach('vscode.implicit.viewport', lines),
          ]),
          await readAttached([attach('vscode.implicit.selection', lines)]),
          await readAttached([attach('a', lines), attach('note', 'by hand')]),
          await readAttached([attach('vscode.prompt.instructions.root', uri)]),
        ],
        [
          { text: null, paths: [uri.fsPath] },
          { text: 'line 0 ok\nline', paths: [] },
          {
            text: '===== server.log:1–2 =====\nline 0 ok\nline\n\n===== note =====\nby hand',
            paths: [],
          },
          null,
        ],
      );
    });
  });
}
