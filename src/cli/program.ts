// The command line: which commands there are, and how a run of one ends.

import { Command } from 'commander';
import type { Cli } from './cli';
import { addAgentsCommand } from './commands/agents';
import { addAskCommand } from './commands/ask';
import { addBackupCommand } from './commands/backup';
import { addConnectCommand } from './commands/connect';
import { addDaytonaCommand } from './commands/daytona';
import { addDeployCommand } from './commands/deploy';
import { addDoctorCommand } from './commands/doctor';
import { addExportCommand } from './commands/export';
import { addForkCommand } from './commands/fork';
import { addKubernetesCommand } from './commands/kubernetes';
import { addMcpCommand } from './commands/mcp';
import { addProfilesCommand } from './commands/profiles';
import { addResumeCommand } from './commands/resume';
import { addRunCommand } from './commands/run';
import { addSearchCommand } from './commands/search';
import { addServeCommand } from './commands/serve';
import { addSessionsCommand } from './commands/sessions';
import { addStatusCommand } from './commands/status';
import { addTokenCommand } from './commands/token';
import { addTourCommand } from './commands/tour';
import { addTraceCommand } from './commands/trace';
import {
  type ExitCode,
  exitCodeHelp,
  exitCodes,
  reportFailure,
  reportOutputFault,
} from './failure';
import { checkAfterRoots } from './roots';

const addCommands = [
  addRunCommand,
  addAskCommand,
  addResumeCommand,
  addForkCommand,
  addTourCommand,
  addMcpCommand,
  addServeCommand,
  addTokenCommand,
  addConnectCommand,
  addSessionsCommand,
  addTraceCommand,
  addSearchCommand,
  addExportCommand,
  addStatusCommand,
  addDoctorCommand,
  addAgentsCommand,
  addProfilesCommand,
  addDaytonaCommand,
  addDeployCommand,
  addKubernetesCommand,
  addBackupCommand,
];

/**
 * `args` without node and the program. Settles when all output has been taken; never rejects.
 */
export async function runProgram(args: readonly string[], cli: Cli): Promise<ExitCode> {
  const { terminal } = cli;
  terminal.onOutputFault(() => cli.interrupts.cancel()); // nobody is left to work for
  let exitCode = await runCommand(args, cli);
  await terminal.flush();
  if (terminal.outputFault) {
    exitCode = reportOutputFault(terminal.outputFault, terminal);
    await terminal.flush();
  }
  return exitCode;
}

async function runCommand(args: readonly string[], cli: Cli): Promise<ExitCode> {
  const { terminal } = cli;
  try {
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      terminal.print((await cli.loadRuntime()).version);
    } else {
      if (args[0] === 'run' || args[0] === 'ask') {
        await checkAfterRoots(args, cli.cwd);
      }
      await createProgram(cli).parseAsync(args, { from: 'user' });
    }
    return cli.exitCode;
  } catch (thrown) {
    if (terminal.outputFault) {
      return exitCodes.failed; // that is the reason, and is told once
    }
    return reportFailure(thrown, { terminal, asJson: asksForJson(args) });
  }
}

/** Also where the command line is wrong, so that its parser does not say. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--json');
}

function createProgram(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('rlm-companion')
    .description(
      'Explore texts of any size with code: sessions in a sandbox, under guardrails, traced.',
    )
    .option('--home <folder>', 'where sessions are kept (default: RLM_HOME, else your data folder)')
    .option('-V, --version', 'print the version')
    .helpCommand('help [command]', 'show how a command is used')
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
