// What the suites in the editor share.

import * as vscode from 'vscode';
import type { RlmApi } from '../../../src/extension/extension';
import type { SessionNode } from '../../../src/extension/sessions/sessionNode';

export const extensionId = 'rlm-companion.rlm-companion';

export function findExtension(): vscode.Extension<RlmApi> {
  const extension = vscode.extensions.getExtension<RlmApi>(extensionId);
  if (!extension) {
    throw new Error(`${extensionId} is not installed.`);
  }
  return extension;
}

export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) {
    throw new Error('The window has no workspace.');
  }
  return folder.uri.fsPath;
}

/** Asks again and again until there is something. */
export async function until<T>(what: string, find: () => T | undefined | Promise<T | undefined>) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const found = await find();
    if (found !== undefined && found !== false) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited in vain until ${what}.`);
}

/** The tree as indented lines, as deep as asked. */
export async function drawTree(
  provider: vscode.TreeDataProvider<SessionNode>,
  depth: number,
  node?: SessionNode,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const child of (await provider.getChildren(node)) ?? []) {
    const item = await provider.getTreeItem(child);
    const label = typeof item.label === 'string' ? item.label : (item.label?.label ?? '');
    lines.push(`${label} | ${String(item.description ?? '')}`);
    if (depth > 1) {
      lines.push(...(await drawTree(provider, depth - 1, child)).map((line) => `  ${line}`));
    }
  }
  return lines;
}

/** Has the editor start our server; settles once it knows the tools. */
export async function startTools(): Promise<void> {
  await until('the tools are listed', async () => {
    // The editor hears of the server some time after activation.
    await vscode.commands.executeCommand('workbench.mcp.startServer', '*', {
      waitForLiveTools: true,
    });
    return vscode.lm.tools.some(({ name }) => name.endsWith('rlm_status')) ? true : undefined;
  });
}

/** Calls a tool of our server as an agent of the editor would. */
export async function callTool(
  name: string,
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const tool = vscode.lm.tools.find((one) => one.name.endsWith(name));
  if (!tool) {
    throw new Error(`There is no tool ${name}.`);
  }
  const result = await vscode.lm.invokeTool(tool.name, { input, toolInvocationToken: undefined });
  const text = result.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('');
  return JSON.parse(text) as Record<string, unknown>; // every tool answers with a JSON object
}

export function listTraceTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview);
}
