// The extension in a trusted window: from activation to a window that has been closed.

import assert from 'node:assert/strict';
import { readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { toolsWithoutAgents } from '../../support/offeredTools';
import { openSourceFile } from '../../../src/extension/documents/sourceFile';
import { toPanelHtml } from '../../../src/extension/trace/panelHtml';
import { createSampleTrace, foldEvents } from '../../support/sampleTrace';
import type { RlmApi } from '../../../src/extension/extension';
import {
  callTool,
  drawTree,
  extensionId,
  findExtension,
  listTraceTabs,
  until,
  workspaceFolder,
} from './editorSupport';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

const dist = path.join(findExtension().extensionPath, 'dist');

export function describeTrusted(): void {
  describe('a trusted window', () => {
    let api: RlmApi;
    let sessionId = '';

    before(async () => {
      api = await findExtension().activate();
    });

    it('activates without loading the engine', () => {
      const loaded = Object.keys(require.cache).filter((file) => file.startsWith(dist));
      assert.deepStrictEqual(loaded, [path.join(dist, 'extension.js')]);
    });

    it('has every command that it contributes, and no other', async () => {
      const { contributes } = findExtension().packageJSON as Manifest;
      const all = await vscode.commands.getCommands(true);
      const own = all.filter((name) => /^rlm\.[a-zA-Z]+$/u.test(name)).sort();
      const contributed = contributes.commands.map(({ command }) => command).sort();
      assert.deepStrictEqual(own, contributed);
    });

    it('shows no session before there is one', async () => {
      assert.deepStrictEqual(await drawTree(api.sessions, 1), []);
    });

    it('offers a server that the editor starts, with every tool', async () => {
      const names = await until('the tools are listed', async () => {
        // The editor hears of the server some time after activation.
        await vscode.commands.executeCommand('workbench.mcp.startServer', '*', {
          waitForLiveTools: true,
        });
        const listed = vscode.lm.tools.filter(({ name }) => /_rlm_|_sandbox_/u.test(name)); // agents are offered where Codex is installed
        return listed.length >= toolsWithoutAgents.length
          ? listed.map(({ name }) => name)
          : undefined;
      });
      const short = names.map(
        (name) => toolsWithoutAgents.find((tool) => name.endsWith(tool.name))?.name,
      );
      assert.deepStrictEqual(short.sort(), toolsWithoutAgents.map(({ name }) => name).sort());
    });

    it('offers fewer tools when a tool set is switched off, and all of them again', async () => {
      const configuration = vscode.workspace.getConfiguration('rlm');
      const untilTraceTools = (count: number): Promise<true> =>
        until(`${count} tools read traces`, async () => {
          await vscode.commands.executeCommand('workbench.mcp.startServer', '*', {
            waitForLiveTools: true,
          });
          const found = vscode.lm.tools.filter(({ name }) =>
            /rlm_(get_trace|list_sessions)$/u.test(name),
          );
          return found.length === count ? true : undefined;
        });
      const { Workspace } = vscode.ConfigurationTarget;
      await configuration.update('toolSets', { traces: false }, Workspace);
      await untilTraceTools(0);
      await configuration.update('toolSets', undefined, Workspace);
      await untilTraceTools(2);
    });

    it('lets an agent run a whole session over a file of the workspace', async () => {
      const file = path.join(workspaceFolder(), 'server.log');
      const opened = await callTool('rlm_init_context', { context_paths: [file], title: 'Errors' });
      sessionId = String(opened['session_id']);
      const code = 'hits = grep("ERROR", max_matches=1000)\nn = len(hits)\nn';
      const step = await callTool('rlm_run_repl', { session_id: sessionId, code });
      assert.equal(step['result'], '20');
      const value = await callTool('rlm_get_var', { session_id: sessionId, var_name: 'n' });
      assert.equal(value['value'], 20);
    });

    it('shows the running session with its details in the tree', async () => {
      const lines = await until('the session is in the tree', async () => {
        const drawn = await drawTree(api.sessions, 4);
        return drawn.some((line) => line.includes('1 step')) ? drawn : undefined;
      });
      const shown = lines.filter((line) => /^ *(Active|Errors|Steps|n|Step 1) \|/u.test(line));
      assert.deepStrictEqual(
        shown.map((line) => line.replace(/\d+(\.\d+)? (ms|s) /u, '')),
        [
          'Active | 1',
          '  Errors | 1 step · 269k · now',
          '      Steps | 1 of 64 · 2%',
          '      n | int  20',
          '      Step 1 |  hits = grep("ERROR", max_matches=1000) n = len(hits) n',
        ],
      );
    });

    it('opens the trace once, however often it is asked for', async () => {
      const node = { kind: 'session', sessionId };
      await vscode.commands.executeCommand('rlm.openTrace', node);
      await vscode.commands.executeCommand('rlm.openTrace', node);
      const tabs = await until('the panel is open', () =>
        listTraceTabs().length > 0 ? listTraceTabs() : undefined,
      );
      assert.deepStrictEqual(
        tabs.map(({ label }) => label),
        ['RLM: Errors'],
      );
    });

    it('lets a panel run one script, and load nothing but two files of ours', () => {
      const webview = { cspSource: 'https://files.test', asWebviewUri: (uri: vscode.Uri) => uri };
      const html = toPanelHtml(webview, findExtension().extensionUri);
      const [, policy = ''] =
        /http-equiv="Content-Security-Policy" content="([^"]*)"/u.exec(html) ?? [];
      const [, nonce = ''] = /'nonce-([\w+/=]{24})'/u.exec(policy) ?? [];
      assert.deepStrictEqual(policy.replaceAll(nonce, 'N').split('; '), [
        "default-src 'none'",
        "script-src 'nonce-N'",
        "style-src https://files.test 'nonce-N'",
        'font-src https://files.test',
        'img-src https://files.test data:',
      ]);
      const files = [...html.matchAll(/(?:src|href)="[^"]*\/([^/"]*)"/gu)].map(([, file]) => file);
      assert.deepStrictEqual(files, ['viewer.css', 'viewer.js']);
      assert.notEqual(toPanelHtml(webview, findExtension().extensionUri), html); // a nonce of its own
    });

    it('opens no file outside the folders that may be read, whatever a trace names', async () => {
      const summary = foldEvents(createSampleTrace());
      assert.ok(summary);
      if (process.platform !== 'win32') {
        symlinkSync(process.execPath, path.join(workspaceFolder(), 'link')); // there only with a privilege
      }
      const files = { roots: [workspaceFolder()], baseFolder: workspaceFolder() };
      for (const name of [process.execPath, '../server.log', 'link']) {
        const place = { path: name, line: 1, range: null };
        await assert.rejects(openSourceFile(summary, place, files), {
          code: 'INVALID_INPUT',
        });
      }
    });

    it('opens a variable in a read-only editor', async () => {
      const node = { kind: 'variable', sessionId, name: 'n' };
      await vscode.commands.executeCommand('rlm.openNode', node);
      const editor = vscode.window.activeTextEditor;
      assert.deepStrictEqual(
        [editor?.document.uri.scheme, editor?.document.getText(), editor?.document.languageId],
        ['rlm-value', '20', 'json'],
      );
    });

    it('completes variables in a scratch editor and runs it in the session', async () => {
      await vscode.commands.executeCommand('rlm.runCode', { kind: 'session', sessionId });
      const editor = vscode.window.activeTextEditor;
      assert.ok(editor);
      const { document, selection } = editor;
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        selection.active,
      );
      const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : ''));
      assert.deepStrictEqual(
        ['context', 'hits', 'n'].filter((name) => labels.includes(name)),
        ['context', 'hits', 'n'],
      );
      await editor.edit((edit) => edit.insert(selection.active, 'twice = n * 2'));
      await vscode.commands.executeCommand('rlm.runScratch');
      const value = await callTool('rlm_get_var', { session_id: sessionId, var_name: 'twice' });
      assert.equal(value['value'], 40);
    });

    it('shows the server’s status without its token', async () => {
      await vscode.commands.executeCommand('rlm.showStatus');
      const text = vscode.window.activeTextEditor?.document.getText() ?? '';
      assert.match(text, /Endpoint: http:\/\/127\.0\.0\.1:\d+\/mcp/u);
      assert.match(text, new RegExp(`- ${workspaceFolder()}`, 'u'));
      assert.doesNotMatch(text, /[A-Za-z0-9_-]{43}/u);
    });

    it('forks a session from a step, with the variables of that step', async () => {
      const before = listTraceTabs().length;
      await vscode.commands.executeCommand('rlm.fork', { kind: 'step', sessionId, step: 1 });
      await until('the fork’s trace is open', () =>
        listTraceTabs().length > before ? true : undefined,
      );
      const listed = await callTool('rlm_list_sessions', { status: 'active' });
      const forked = (listed['sessions'] as { session_id: string }[]).find(
        (one) => one.session_id !== sessionId,
      );
      const { session_id: forkId } = forked ?? {};
      const value = await callTool('rlm_get_var', { session_id: forkId, var_name: 'n' });
      const missing = await callTool('rlm_get_var', { session_id: forkId, var_name: 'twice' });
      const { code } = missing['error'] as { code: string };
      assert.deepStrictEqual([value['value'], code], [20, 'VAR_NOT_FOUND']);
      await callTool('rlm_finalize', { session_id: forkId, final_text: 'not needed' });
    });

    it('asks for larger limits before it forks a session that has used its own up', async () => {
      const config = { max_steps: 1 };
      const opened = await callTool('rlm_init_context', { context_text: 'x', config });
      const exhausted = String(opened['session_id']);
      await callTool('rlm_run_repl', { session_id: exhausted, code: 'kept = 41' });
      const findForks = async (): Promise<readonly string[]> => {
        const { sessions } = await callTool('rlm_list_sessions', {});
        return (sessions as { session_id: string; parent_session_id: string | null }[])
          .filter((one) => one.parent_session_id === exhausted)
          .map((one) => one.session_id);
      };
      const { showInputBox } = vscode.window;
      const asked: vscode.InputBoxOptions[] = [];
      const answerWith = (answer: string | undefined): void => {
        vscode.window.showInputBox = async (options = {}) => {
          asked.push(options);
          return answer;
        };
      };
      try {
        answerWith(undefined);
        await vscode.commands.executeCommand('rlm.fork', { kind: 'session', sessionId: exhausted });
        assert.deepStrictEqual(await findForks(), []);
        answerWith('3');
        await vscode.commands.executeCommand('rlm.fork', { kind: 'session', sessionId: exhausted });
      } finally {
        vscode.window.showInputBox = showInputBox;
      }
      assert.deepStrictEqual(
        asked.map(({ value, prompt }) => [value, prompt]),
        Array(2).fill([
          '2',
          'By this step 1 of 1 steps are used. How many may the fork have in all?',
        ]),
      );
      const [forkId] = await findForks();
      const step = await callTool('rlm_run_repl', { session_id: forkId, code: 'kept + 1' });
      assert.deepStrictEqual([step['result'], step['guardrail_stop'] ?? null], ['42', null]);
      await callTool('rlm_finalize', { session_id: forkId, final_text: 'not needed' });
      await callTool('rlm_finalize', { session_id: exhausted, final_text: 'not needed' });
    });

    it('stops a session for an agent that goes on', async () => {
      await vscode.commands.executeCommand('rlm.stop', { kind: 'session', sessionId });
      const refused = await callTool('rlm_run_repl', { session_id: sessionId, code: '1' });
      assert.equal((refused['error'] as { code: string }).code, 'GUARDRAIL_STOPPED');
    });

    it('moves a session through the groups as its status changes', async () => {
      const shown = async (group: string): Promise<true | undefined> => {
        const [first] = await drawTree(api.sessions, 1);
        return first?.startsWith(group) ? true : undefined;
      };
      await until('it is shown as stopped', () => shown('Stopped'));
      await callTool('rlm_finalize', { session_id: sessionId, final_text: 'twenty' });
      await until('it is shown as finalized', () => shown('Finalized'));
    });

    it('opens a session over a selection, with the guardrails of the settings', async () => {
      const configuration = vscode.workspace.getConfiguration('rlm.limits');
      await configuration.update('maxSteps', 7, vscode.ConfigurationTarget.Workspace);
      const content = 'alpha\nbeta\ngamma';
      const document = await vscode.workspace.openTextDocument({ content });
      const editor = await vscode.window.showTextDocument(document);
      editor.selection = new vscode.Selection(0, 0, 1, 4);
      await vscode.commands.executeCommand('rlm.newSessionFromSelection');
      const listed = await callTool('rlm_list_sessions', { status: 'active' });
      const [session] = listed['sessions'] as { session_id: string; title: string }[];
      assert.match(session?.title ?? '', /:1–2$/u);
      const step = await callTool('rlm_run_repl', {
        session_id: session?.session_id,
        code: 'context',
      });
      assert.equal(step['result'], "'alpha\\nbeta'");
      const left = await callTool('rlm_list_sessions', { status: 'active' });
      assert.match(JSON.stringify(left['sessions']), /"remaining":\{"steps":6,/u);
      await configuration.update('maxSteps', undefined, vscode.ConfigurationTarget.Workspace);
    });

    it('answers a question in one call of a terse session', async () => {
      const { session_id: id, ...told } = await callTool('rlm_init_context', {
        ...{ context_text: 'alpha\nbeta', code: 'FINAL(count("a"))' },
        ...{ finalize: true, verbosity: 'terse', help: false },
      });
      assert.deepStrictEqual(
        [typeof id, told],
        [
          'string',
          {
            step: { finish_reason: 'completed', final_answer: '3', step_index: 1 },
            context: { variable: 'context', total_chars: 10, total_lines: 2, shape: 'string' },
            repl: { language: 'python' },
          },
        ],
      );
    });

    it('tells the faults of a profile at their lines, and what may be written in it', async () => {
      const folder = vscode.Uri.joinPath(
        vscode.Uri.file(workspaceFolder()),
        ...['.rlm', 'profiles'],
      );
      const file = vscode.Uri.joinPath(folder, 'mine.yaml');
      const text = 'extends: generalist\nsandbox: all\napprovals:\n  m\n';
      await vscode.workspace.fs.writeFile(file, Buffer.from(text));
      const document = await vscode.workspace.openTextDocument(file);
      const readLines = (): readonly number[] =>
        vscode.languages.getDiagnostics(file).map(({ range }) => range.start.line);
      await until('the faults are told', () => (readLines().includes(1) ? true : undefined));
      const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        file,
        new vscode.Position(3, 3),
      );
      const labels = items.map(({ label }) => (typeof label === 'string' ? label : label.label));
      assert.ok(['mode', 'allow', 'deny', 'timeout_ms'].every((key) => labels.includes(key)));
      const edit = new vscode.WorkspaceEdit();
      const all = new vscode.Range(0, 0, document.lineCount, 0);
      edit.replace(file, all, 'extends: generalist\nsandbox: read-only\n');
      await vscode.workspace.applyEdit(edit);
      await until('no fault is left', () => (readLines().length === 0 ? true : undefined));
      await document.save();
    });

    it('leaves nothing behind when it is deactivated', async () => {
      const home = process.env['RLM_HOME'] ?? '';
      const { url } = { url: await readEndpoint(home) };
      const module = require.cache[path.join(dist, 'extension.js')];
      const exported = module?.exports as { deactivate(): Promise<void> };
      await exported.deactivate();
      assert.deepStrictEqual(readdirSync(path.join(home, 'engines')), []);
      await assert.rejects(fetch(url));
      const own = (await vscode.commands.getCommands(true)).filter((name) => name === 'rlm.stop');
      assert.deepStrictEqual(own, []);
      assert.equal(findExtension().id, extensionId);
    });
  });
}

async function readEndpoint(home: string): Promise<string> {
  const [file = ''] = readdirSync(path.join(home, 'engines'));
  const uri = vscode.Uri.file(path.join(home, 'engines', file));
  const text = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString();
  return (JSON.parse(text) as { url: string }).url;
}
