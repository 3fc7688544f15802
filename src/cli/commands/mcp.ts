// `rlm-companion mcp`: the engine as an MCP server on stdin and stdout, for one client.

import { type Command, Option } from 'commander';
import type { Cli } from '../cli';
import { type GlobalOptions, rootOption, toHome } from '../options';
import { toRoots } from '../roots';

interface McpOptions extends GlobalOptions {
  readonly root: readonly string[];
}

export function addMcpCommand(program: Command, cli: Cli): void {
  program
    .command('mcp')
    .description('serve MCP on stdin and stdout; a client starts this')
    .addOption(rootOption())
    .addOption(new Option('--standalone', 'run the engine in this process').hideHelp())
    .addHelpText(
      'after',
      '\nStdout belongs to the protocol; logs go to stderr.\n\nExample:\n  $ claude mcp add rlm -- rlm-companion mcp --root ~/logs',
    )
    .action((_options, command: Command) =>
      serveClient(command.optsWithGlobals<McpOptions>(), cli),
    );
}

async function serveClient(options: McpOptions, cli: Cli): Promise<void> {
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root }),
    baseFolder: cli.cwd,
    log: (line) => cli.terminal.printError(line),
  });
  try {
    const server = runtime.serveStdio(engine);
    const interrupted = new Promise<void>((resolve) => cli.interrupts.listen(resolve));
    await Promise.race([server.closed, interrupted]);
    server.dispose();
  } finally {
    await engine.close();
  }
}
