// `rlm-companion resume`: goes on with a session whose engine has ended.

import type { Command } from 'commander';
import type { Cli } from '../cli';
import { codeOption, jsonOption, rootOption } from '../options';
import { type ReplayedOptions, workOnReplayed } from '../run/workOnReplayed';

const notes = `
Its recorded steps are run again first, with recorded answers of models, and where they do not do what
the record says it is told on stderr. Files are read again from where they were.
Then it goes on as \`run\` does: a REPL on a terminal, or code.

Examples:
  $ rlm-companion resume 01932b7e-5c
  $ echo 'report' | rlm-companion resume 01932b7e-5c`;

export function addResumeCommand(program: Command, cli: Cli): void {
  program
    .command('resume')
    .description('go on with a session that is not finalized and no longer runs')
    .argument('<id>', 'the session, by its id or the beginning of it')
    .addOption(codeOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText('after', notes)
    .action((id: string, _options, command: Command) =>
      workOnReplayed(
        id,
        (engine, sessionId, { signal, onProgress }) =>
          engine.sessions.resume(sessionId, signal, onProgress),
        { options: command.optsWithGlobals<ReplayedOptions>(), cli },
      ),
    );
}
