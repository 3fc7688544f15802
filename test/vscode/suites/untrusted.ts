// The extension in a window whose workspace is not trusted: traces can be read, nothing runs.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { createTimeOrderedId } from '../../../src/base/ids';
import type { RlmApi } from '../../../src/extension/extension';
import { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome } from '../../../src/store/home';
import { createContextLoaded, createOpened } from '../../support/sampleTrace';
import { drawTree, findExtension, listTraceTabs, until } from './editorSupport';

export function describeUntrusted(): void {
  describe('an untrusted window', () => {
    const home = process.env['RLM_HOME'] ?? '';
    const sessionId = createTimeOrderedId(Date.now());
    let api: RlmApi;

    before(async () => {
      await leaveTrace(home, sessionId);
      api = await findExtension().activate();
    });

    it('is not trusted', () => {
      assert.equal(vscode.workspace.isTrusted, false);
    });

    it('lists sessions that were run elsewhere', async () => {
      const lines = await drawTree(api.sessions, 2);
      assert.deepStrictEqual(
        lines.map((line) => line.replace(/ \|.*/u, '')),
        ['Interrupted', '  Why did checkout latency double on 14 July?'],
      );
    });

    it('opens their traces', async () => {
      await vscode.commands.executeCommand('rlm.openTrace', { kind: 'session', sessionId });
      await until('the panel is open', () => (listTraceTabs().length > 0 ? true : undefined));
    });

    it('starts no engine, whatever is asked for', async () => {
      for (const command of ['rlm.resume', 'rlm.fork', 'rlm.stop', 'rlm.showStatus']) {
        await vscode.commands.executeCommand(command, { kind: 'session', sessionId });
      }
      assert.deepStrictEqual(readdirSync(path.join(home, 'engines')), []);
      const dist = path.join(findExtension().extensionPath, 'dist');
      assert.equal(require.cache[path.join(dist, 'engine.js')], undefined);
    });

    it('offers no tools', async () => {
      await vscode.commands.executeCommand('workbench.mcp.startServer', '*', {
        waitForLiveTools: true,
      });
      assert.deepStrictEqual(
        vscode.lm.tools.filter(({ name }) => name.includes('rlm_')).map(({ name }) => name),
        [],
      );
      assert.ok(existsSync(home));
    });
  });
}

/** A session whose engine is gone. */
async function leaveTrace(path: string, sessionId: string): Promise<void> {
  const store = new FileTraceStore({
    home: await createHome(path),
    engineId: createTimeOrderedId(Date.now()),
    isEngineAlive: async () => false,
  });
  const sink = await store.createTrace(createOpened({ sessionId }));
  await sink.append(createContextLoaded());
  await sink.close();
  store.dispose();
}
