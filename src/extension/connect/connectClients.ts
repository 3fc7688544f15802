// Commands that connect agents outside the editor: they start the command line of this product, which
// shares the home, and with it every session, with this window.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { version } from '../../../package.json';
import { RlmError } from '../../core/errors';
import type { Endpoint, EngineHost } from '../engineHost';
import { runCancellable } from '../progress';
import { type ServerCommand, addToCopilotConfig, toAddCommand, toShell } from './clientCommand';

export interface ConnectParts {
  readonly context: vscode.ExtensionContext;
  readonly host: EngineHost;
  readonly readRoots: () => readonly string[];
}

export function startListening(host: EngineHost): Promise<Endpoint> {
  return runCancellable(vscode.l10n.t('Starting the engine'), () => host.listen());
}

/** Writes the command into a terminal; whoever reads it there decides to run it. */
export async function connectInTerminal(
  client: 'codex' | 'claude',
  parts: ConnectParts,
): Promise<void> {
  const server = await createServerCommand(parts);
  const terminal = vscode.window.createTerminal({ name: `RLM: ${client}` });
  terminal.show();
  terminal.sendText(toAddCommand(client, server, toShell(vscode.env.shell)), false);
}

export async function connectCopilotCli(parts: ConnectParts): Promise<void> {
  const folder = process.env['COPILOT_HOME'] || path.join(homedir(), '.copilot');
  const file = path.join(folder, 'mcp-config.json');
  const add = vscode.l10n.t('Add');
  const question = vscode.l10n.t('Add the server “rlm” to {0}?', file);
  if ((await vscode.window.showInformationMessage(question, { modal: true }, add)) !== add) {
    return;
  }
  const text = await readFile(file, 'utf8').catch(() => '');
  const server = await createServerCommand(parts);
  await mkdir(folder, { recursive: true });
  await writeFile(file, toConfig(file, text, server));
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}

/** Keeps the launcher that connected clients start pointing at this version. Never rejects. */
export async function refreshLauncher(context: vscode.ExtensionContext): Promise<void> {
  const file = toLauncherPath(context);
  const text = toLauncherText(context);
  const old = await readFile(file, 'utf8').catch(() => null);
  if (old !== null && old !== text) {
    await writeFile(file, text).catch(() => undefined); // the old version may still be there
  }
}

async function createServerCommand(parts: ConnectParts): Promise<ServerCommand> {
  const { context, host, readRoots } = parts;
  await startListening(host); // so that the client joins this window's engine
  const launcher = toLauncherPath(context);
  await mkdir(path.dirname(launcher), { recursive: true });
  await writeFile(launcher, toLauncherText(context));
  return {
    command: process.execPath,
    args: [
      launcher,
      'mcp',
      // Named always: the client's environment need not have this window's RLM_HOME.
      ...['--home', (await host.start()).traces.location],
      ...readRoots().flatMap((root) => ['--root', root]),
    ],
    // The desktop editor's program is Node only when it is told so.
    env: process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' },
  };
}

/** The extension's own folder changes its name with every version; this file does not. */
function toLauncherPath(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, 'rlm-companion.cjs');
}

function toLauncherText(context: vscode.ExtensionContext): string {
  const cli = path.join(context.extensionPath, 'dist', 'cli.js');
  return `// Starts the command line of RLM Companion ${version}.\nrequire(${JSON.stringify(cli)});\n`;
}

function toConfig(file: string, text: string, server: ServerCommand): string {
  try {
    return addToCopilotConfig(text, server);
  } catch (cause) {
    throw new RlmError('INVALID_INPUT', `${file} cannot be read: ${String(cause)}`, {
      cause,
      nextStep: 'Mend the file, then connect again.',
    });
  }
}
