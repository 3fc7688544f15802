// `rlm-companion mcp`: MCP on stdin and stdout for one client, by a running engine or one of its own.

import type { Command } from 'commander';
import type { Cli } from '../cli';
import {
  type GlobalOptions,
  type SandboxNetworkOptions,
  downloadsOption,
  rootsOption,
  sandboxNetworkOption,
  toBackendSettings,
  toDownloads,
  toHome,
} from '../options';
import { toRoots, warnOfWideRoots } from '../roots';

interface McpOptions extends GlobalOptions, SandboxNetworkOptions {
  readonly root: readonly string[];
  readonly downloads?: string;
  readonly standalone?: true;
}

const notes = `
While an engine of this home serves HTTP (an editor's, or \`rlm-companion serve\`), the client is
joined to the one that has run longest, and its sessions appear there. That engine then decides which
paths may be read and where relative ones start; --root counts only for an engine of this process.
--root takes several folders, and may be repeated. Without it that is the current folder, unless it
holds the home folder or is a whole disk.
With --sandbox-network no engine is joined, as that one has its own setting.
When the engine ends, the next one takes over; with none left, this process does, and stays with it.
Stdout belongs to the protocol; logs go to stderr.

Example:
  $ claude mcp add rlm -- rlm-companion mcp --root ~/logs`;

export function addMcpCommand(program: Command, cli: Cli): void {
  program
    .command('mcp')
    .description('serve MCP on stdin and stdout; a client starts this')
    .addOption(rootsOption())
    .addOption(downloadsOption())
    .addOption(sandboxNetworkOption())
    .option('--standalone', 'join no running engine')
    .addHelpText('after', notes)
    .action((_options, command: Command) =>
      serveClient(command.optsWithGlobals<McpOptions>(), cli),
    );
}

async function serveClient(options: McpOptions, cli: Cli): Promise<void> {
  warnOfWideRoots(options.root, cli);
  const runtime = await cli.loadRuntime();
  const engineOptions = {
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root }),
    baseFolder: cli.cwd,
    readDownloadFolder: toDownloads(options, cli.cwd),
    backends: toBackendSettings(options, cli),
    log: (line: string) => cli.terminal.printError(line),
  };
  // An engine that is joined has settings of its own.
  const isAlone = options.standalone === true || options.sandboxNetwork !== undefined;
  const server = await (isAlone
    ? runtime.serveStdio(engineOptions)
    : runtime.joinStdio(engineOptions));
  try {
    const interrupted = new Promise<void>((resolve) => cli.interrupts.listen(resolve));
    await Promise.race([server.closed, interrupted]);
  } finally {
    await server.dispose();
  }
}
