// `rlm-companion serve`: the engine as an MCP server over HTTP on this machine.

import type { Command } from 'commander';
import type { Cli } from '../cli';
import { type GlobalOptions, parseWholeNumber, rootsOption, toHome } from '../options';
import { toRoots, warnOfWideRoots } from '../roots';

interface ServeOptions extends GlobalOptions {
  readonly root: readonly string[];
  readonly port: number;
}

const defaultPort = 0;

export function addServeCommand(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('serve MCP over HTTP on 127.0.0.1 until Ctrl+C')
    .option(
      '--port <n>',
      'port to listen on; 0 takes a free one',
      parseWholeNumber({ min: 0, max: 65_535 }),
      defaultPort,
    )
    .addOption(rootsOption())
    .addHelpText('after', '\nExample:\n  $ rlm-companion serve --port 7345 --root ~/logs')
    .action((_options, command: Command) => serve(command.optsWithGlobals<ServeOptions>(), cli));
}

async function serve(options: ServeOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  warnOfWideRoots(options.root, cli);
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root }),
    baseFolder: cli.cwd,
    log: (line) => terminal.printError(line),
  });
  try {
    const server = await runtime.serveHttp(engine, { port: options.port });
    engine.prewarm();
    terminal.print(`MCP over HTTP: ${terminal.style.bold(server.url)}`);
    terminal.print(`Bearer token:  in ${server.tokenFile} (readable by you only)`);
    terminal.print(terminal.style.dim('Ctrl+C ends the server.'));
    await new Promise<void>((resolve) => cli.interrupts.listen(resolve));
    await server.dispose();
  } finally {
    await engine.close();
  }
}
