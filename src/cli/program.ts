// The command line: which commands there are, and how a run of one ends.

import { Command } from 'commander';
import type { Cli } from './cli';
import { addAskCommand } from './commands/ask';
import { addConnectCommand } from './commands/connect';
import { addExportCommand } from './commands/export';
import { addForkCommand } from './commands/fork';
import { addMcpCommand } from './commands/mcp';
import { addResumeCommand } from './commands/resume';
import { addRunCommand } from './commands/run';
import { addServeCommand } from './commands/serve';
import { addSessionsCommand } from './commands/sessions';
import { addStatusCommand } from './commands/status';
import { addTourCommand } from './commands/tour';
import { addTraceCommand } from './commands/trace';
import { type ExitCode, exitCodeHelp, reportFailure } from './failure';

const addCommands = [
  addRunCommand,
  addAskCommand,
  addResumeCommand,
  addForkCommand,
  addTourCommand,
  addMcpCommand,
  addServeCommand,
  addConnectCommand,
  addSessionsCommand,
  addTraceCommand,
  addExportCommand,
  addStatusCommand,
];

/** `args` without node and the program. Never rejects. */
export async function runProgram(args: readonly string[], cli: Cli): Promise<ExitCode> {
  try {
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      cli.terminal.print((await cli.loadRuntime()).version);
    } else {
      await createProgram(cli).parseAsync(args, { from: 'user' });
    }
    return cli.exitCode;
  } catch (thrown) {
    return reportFailure(thrown, cli.terminal);
  }
}

function createProgram(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('rlm-companion')
    .description(
      'Explore texts of any size with code: sessions in a sandbox, under guardrails, traced.',
    )
    .option('--home <folder>', 'where sessions are kept (default: RLM_HOME, else your data folder)')
    .option('-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/u, '')),
      writeErr: (text) => terminal.printError(text.replace(/\n$/u, '')),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .addHelpText('after', `\n${exitCodeHelp}\n\nExample:\n  $ rlm-companion run server.log`);
  for (const add of addCommands) {
    add(program, cli);
  }
  return program;
}
