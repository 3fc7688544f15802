// `rlm-companion connect`: what a client needs to reach this program, shown or put into its file.

import os from 'node:os';
import path from 'node:path';
import { Argument, type Command } from 'commander';
import { RlmError } from '../../core/errors';
import type { Cli } from '../cli';
import type { ClientConfig, ClientName, ServerConnection } from '../connect/clientConfig';
import { readConfig, replaceConfig, toChangedLines } from '../connect/configFile';
import { type GlobalOptions, rootOption, toHome } from '../options';
import { toPrintable } from '../render/printable';
import { warnOfWideRoots } from '../roots';

interface ConnectOptions extends GlobalOptions {
  readonly root: readonly string[];
  readonly write?: true;
  readonly http?: true;
}

const clients: readonly ClientName[] = ['codex', 'claude', 'vscode'];

const notes = `
codex:  config.toml in CODEX_HOME, else ~/.codex
claude: .mcp.json in the current folder
vscode: .vscode/mcp.json in the current folder

With --write nothing else in the file changes; a file that cannot be understood is left alone.
Over stdio a client joins a running engine by itself (see mcp --help). --http is for clients that
must not start programs, and needs an engine that serves HTTP.

Examples:
  $ rlm-companion connect codex --root ~/logs --write
  $ rlm-companion connect vscode --http`;

export function addConnectCommand(program: Command, cli: Cli): void {
  program
    .command('connect')
    .description("show, or write, a client's configuration for this program")
    .addArgument(new Argument('<client>', 'the client').choices(clients))
    .option('--write', "put it into the client's file, after showing what changes")
    .option('--http', 'reach the running engine over HTTP')
    .addOption(rootOption())
    .addHelpText('after', notes)
    .action((client: ClientName, _options, command: Command) =>
      connect(client, command.optsWithGlobals<ConnectOptions>(), cli),
    );
}

async function connect(client: ClientName, options: ConnectOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  warnOfWideRoots(options.root, cli);
  const connection = options.http ? await findHttp(options, cli) : toStdio(options, cli);
  const { toClientConfig } = await import('../connect/clientConfig');
  const { cwd, env } = cli;
  const { platform } = process;
  const config = toClientConfig(client, connection, { cwd, env, platform, homedir: os.homedir() });
  if (options.write) {
    await write(config, cli);
  } else {
    terminal.print(config.snippet);
    terminal.print(
      terminal.style.dim(`Put this into ${toPrintable(config.file)}, or add --write.`),
    );
  }
  for (const note of config.notes) {
    terminal.print(terminal.style.dim(note));
  }
}

async function write(config: ClientConfig, { terminal }: Cli): Promise<void> {
  const { style } = terminal;
  const before = await readConfig(config.file);
  let after: string;
  try {
    after = config.edit(before);
  } catch (error) {
    terminal.print(config.snippet);
    terminal.print(style.dim(`This belongs into ${toPrintable(config.file)}.`));
    throw error;
  }
  if (after === before) {
    terminal.print(`Up to date: ${toPrintable(config.file)}`);
    return;
  }
  const { removed, added } = toChangedLines(before, after);
  terminal.print(style.bold(toPrintable(config.file)));
  removed.forEach((line) => terminal.print(style.red(toPrintable(`- ${line}`))));
  added.forEach((line) => terminal.print(style.green(toPrintable(`+ ${line}`))));
  await replaceConfig(config.file, after);
  terminal.print(`Written: ${toPrintable(config.file)}`);
}

/** This very program, run by this very Node: a client's PATH is often another. */
function toStdio(options: ConnectOptions, cli: Cli): ServerConnection {
  const home = toHome(options, cli) ?? cli.env['RLM_HOME'];
  const roots = options.root.flatMap((root) => ['--root', path.resolve(cli.cwd, root)]);
  return {
    kind: 'stdio',
    command: process.execPath,
    args: [
      cli.programFile,
      'mcp',
      ...(home ? ['--home', path.resolve(cli.cwd, home)] : []),
      ...roots,
    ],
  };
}

async function findHttp(options: ConnectOptions, cli: Cli): Promise<ServerConnection> {
  const runtime = await cli.loadRuntime();
  const log = (line: string): void => cli.terminal.printError(line);
  const engine = await runtime.findServingEngine({ home: toHome(options, cli), log });
  if (!engine) {
    throw new RlmError('BACKEND_UNAVAILABLE', 'No engine of this home serves HTTP.', {
      nextStep: 'Start one at a port that stays, for example: rlm-companion serve --port 7345',
    });
  }
  return { kind: 'http', url: engine.url, tokenFile: engine.tokenFile };
}
