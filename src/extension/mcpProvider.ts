// Tells the editor of this window's MCP server; the engine and its listener start when the editor
// starts that server.

import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import type { EngineHost } from './engineHost';
import { showFailure } from './messages';
import { readToolSetsOff } from './settings';

export const providerId = 'rlm.engine';
const serverLabel = 'RLM';
/** Stands in for the address until the listener has one: nothing is ever sent there. */
const unstarted = vscode.Uri.parse('http://127.0.0.1:9/mcp');

export class McpProvider
  implements vscode.McpServerDefinitionProvider<vscode.McpHttpServerDefinition>, vscode.Disposable
{
  readonly #host: EngineHost;
  readonly #version: string;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeMcpServerDefinitions = this.#changed.event;

  constructor(host: EngineHost, version: string) {
    this.#host = host;
    this.#version = version;
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('rlm.toolSets')) {
          this.#changed.fire();
        }
      }),
    );
  }

  /** None in an untrusted workspace: nothing runs there. */
  provideMcpServerDefinitions(): vscode.McpHttpServerDefinition[] {
    if (!vscode.workspace.isTrusted) {
      return [];
    }
    // The editor asks for the tools again when the version differs.
    const version = [this.#version, ...readToolSetsOff().map((set) => `no-${set}`)].join('+');
    return [new vscode.McpHttpServerDefinition(serverLabel, unstarted, {}, version)];
  }

  async resolveMcpServerDefinition(
    server: vscode.McpHttpServerDefinition,
  ): Promise<vscode.McpHttpServerDefinition | undefined> {
    try {
      const { url, token } = await this.#host.listen();
      server.uri = vscode.Uri.parse(url);
      server.headers = { Authorization: `Bearer ${token}` };
      return server;
    } catch (thrown) {
      showFailure(thrown);
      return undefined;
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
