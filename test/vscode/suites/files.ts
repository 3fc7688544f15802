// Files of sandboxes in a real editor: what the tree lists, what opens, and what becomes of what is open.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { RlmApi } from '../../../src/extension/extension';
import type { FileNode, SessionNode } from '../../../src/extension/sessions/sessionNode';
import { callTool, drawTree, findExtension, startTools, until } from './editorSupport';

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const setup = `
import os, base64
open("a.txt", "w").write("alpha\\nbeta\\n")
open("latin.txt", "wb").write("Gr\\u00fc\\u00dfe".encode("latin-1"))
open("dot.png", "wb").write(base64.b64decode("${png}"))
open("two\\nlines %41.txt", "w").write("odd")
open("gpj.\\u202eexe", "w").write("turned")
open("none", "w").close()
os.mkdir("d")
open("d/inner.json", "w").write("{}")
os.symlink("a.txt", "link")
os.symlink("/etc/passwd", "out")
os.mkdir("many")
for n in range(1200): open(f"many/{n:05}", "w").close()
`;

export function describeFiles(): void {
  describe('files of sandboxes', () => {
    let api: RlmApi;
    let sessionId = '';

    before(async () => {
      api = await findExtension().activate();
      await startTools();
      const step = await callTool('sandbox_exec_stateful', { code: setup });
      assert.equal(step['error'] ?? null, null);
      sessionId = String(step['sandbox_id']);
      await vscode.commands.executeCommand('rlm.openTrace', { kind: 'session', sessionId });
    });

    const run = async (code: string): Promise<void> => {
      await callTool('sandbox_exec_stateful', { code, sandbox_id: sessionId });
    };
    const filesSection = (): SessionNode => ({ kind: 'section', sessionId, section: 'files' });
    const listFiles = async (node = filesSection()): Promise<readonly FileNode[]> => {
      const children = await until('the session is listed', async () => {
        await drawTree(api.sessions, 2);
        const found = await api.sessions.getChildren(node);
        return found && found.length > 0 ? found : undefined;
      });
      return children.filter((child) => child.kind === 'file');
    };
    const find = async (name: string, node?: SessionNode): Promise<FileNode> => {
      const found = (await listFiles(node)).find(({ path }) => path.endsWith(name));
      assert.ok(found, name);
      return found;
    };
    const openTab = async (name: string, node?: SessionNode): Promise<vscode.Tab> => {
      await vscode.commands.executeCommand('rlm.openFile', await find(name, node));
      return until(`${name} is open`, () => {
        const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
        const input: unknown = tab?.input;
        const isOurs =
          (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) &&
          input.uri.scheme === 'rlm-file';
        return isOurs ? tab : undefined;
      });
    };
    const openText = async (name: string, node?: SessionNode): Promise<vscode.TextDocument> => {
      await openTab(name, node);
      return until(`the text of ${name} is there`, () => {
        const document = vscode.window.activeTextEditor?.document;
        return document?.uri.scheme === 'rlm-file' ? document : undefined;
      });
    };

    it('are listed with their sizes, folders first, and nothing in a name breaks its line', async () => {
      await listFiles();
      const lines = await drawTree(api.sessions, 1, filesSection());
      assert.deepStrictEqual(lines, [
        'd | ',
        'many | ',
        'a.txt | 11 B',
        'dot.png | 70 B',
        'gpj.‹U+202E›exe | 6 B',
        'latin.txt | 5 B',
        'link | link',
        'none | 0 B',
        'out | link',
        'two lines %41.txt | 3 B',
      ]);
    });

    it('in folders are listed when these are opened, the first 1,000 with a word of the others', async () => {
      const inner = await drawTree(api.sessions, 1, await find('/d'));
      assert.deepStrictEqual(inner, ['inner.json | 2 B']);
      const many = await drawTree(api.sessions, 1, await find('/many'));
      assert.equal(many.length, 1_001);
      assert.equal(many.at(-1), '200 more are not listed: look for them with code | ');
    });

    it('open as texts that cannot be changed, in their language', async () => {
      const plain = await openText('/a.txt');
      assert.equal(plain.getText(), 'alpha\nbeta\n');
      assert.equal(vscode.workspace.fs.isWritableFileSystem('rlm-file'), false);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(plain.uri, new vscode.Position(0, 0), 'x');
      await vscode.workspace.applyEdit(edit);
      assert.equal(await plain.save(), false);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      assert.equal((await openText('/inner.json', await find('/d'))).languageId, 'json');
    });

    it('open whatever their names are, also through links, and as images', async () => {
      assert.equal((await openText('two\nlines %41.txt')).getText(), 'odd');
      assert.equal((await openText('gpj.\u202eexe')).getText(), 'turned');
      assert.equal((await openText('/none')).getText(), '');
      assert.equal((await openText('/link')).getText(), 'alpha\nbeta\n');
      const tab = await openTab('/dot.png');
      assert.ok(tab.input instanceof vscode.TabInputCustom);
    });

    it('outside the sandbox’s folders are not opened by a link to them', async () => {
      const uri = vscode.Uri.from({ scheme: 'rlm-file', path: `/${sessionId}/work/out` });
      await assert.rejects(async () => vscode.workspace.fs.readFile(uri), /outside \/work/u);
    });

    it('follow what later steps do to them, while they are open', async () => {
      const document = await openText('/a.txt');
      await run('open("a.txt", "w").write("gamma")');
      await until('the new text is shown', () =>
        document.getText() === 'gamma' ? true : undefined,
      );
      await run('import os; os.remove("a.txt")');
      await until('the file is gone from the tree', async () =>
        (await listFiles()).every(({ path }) => path !== '/work/a.txt') ? true : undefined,
      );
      await assert.rejects(async () => vscode.workspace.fs.stat(document.uri), {
        code: 'FileNotFound',
      });
      await run('open("a.txt", "w").write("again")');
      await until('it is shown again', () => (document.getText() === 'again' ? true : undefined));
    });

    it('that are too large are refused before anything of them is read', async () => {
      await run('open("big.bin", "wb").write(bytes(2**25 + 1))');
      const node = await until('it is listed', async () =>
        (await listFiles()).find(({ path }) => path === '/work/big.bin'),
      );
      const before = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
      await vscode.commands.executeCommand('rlm.openFile', node);
      assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab?.label, before);
      await run('import os; os.remove("big.bin")');
    });

    it('have their paths copied, several at once', async () => {
      const [first, second] = [await find('/latin.txt'), await find('/none')];
      await vscode.commands.executeCommand('rlm.copyFilePath', first, [first, second]);
      assert.equal(await vscode.env.clipboard.readText(), '/work/latin.txt\n/work/none');
    });

    it('are those of the trace when the session has ended, which is said', async () => {
      await callTool('sandbox_upload', {
        path: 'in.csv',
        content: 'a,b\n',
        sandbox_id: sessionId,
      });
      await vscode.commands.executeCommand('rlm.stop', { kind: 'session', sessionId });
      const uri = vscode.Uri.from({ scheme: 'rlm-file', path: `/${sessionId}/work/none` });
      assert.equal((await vscode.workspace.fs.readFile(uri)).length, 0); // stopped, and there for a while
      for (const title of ['one', 'two', 'three']) {
        // Of sessions that have ended, only the last two keep their sandboxes.
        const { session_id } = await callTool('rlm_init_context', { context_text: 'x', title });
        await callTool('rlm_finalize', { session_id, final_text: title });
      }
      const closing = await until('the sandbox has been let go', async () => {
        const lines = await drawTree(api.sessions, 1, filesSection());
        return lines[0]?.startsWith('The session has ended') ? lines : undefined;
      });
      assert.match(closing[1] ?? '', /^in\.csv \| 4 B · uploaded after step \d+$/u);
      await assert.rejects(async () => vscode.workspace.fs.readFile(uri), /has ended/u);
      const document = await openText('/in.csv');
      assert.equal(document.getText(), 'a,b\n');
    });
  });
}
