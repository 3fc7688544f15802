// `rlm-companion fork`: a new session with the state another one had after a step.

import type { Command } from 'commander';
import type { Cli } from '../cli';
import {
  addBackendOptions,
  addLimitOptions,
  type BackendOptions,
  codeOption,
  jsonOption,
  type LimitOptions,
  parseWholeNumber,
  rootOption,
  toBackend,
  toLimits,
} from '../options';
import { type ReplayedOptions, workOnReplayed } from '../run/workOnReplayed';

interface ForkOptions extends ReplayedOptions, LimitOptions, BackendOptions {
  readonly at?: number;
  readonly title?: string;
}

const notes = `
The other session stays as it is. Its recorded steps are run again, and where they do not do what the
record says it is told on stderr. Files are read again from where they were. Guardrails
are the other session's where none are given; one that it had used up by that step must be given larger.

Example:
  $ rlm-companion fork 01932b7e-5c --at 3 --title 'Another way'`;

export function addForkCommand(program: Command, cli: Cli): void {
  const command = program
    .command('fork')
    .description('open a new session from a step of another one')
    .argument('<id>', 'the other session, by its id or the beginning of it')
    .option('--at <step>', 'after this step', parseWholeNumber({ min: 0, max: 1_000_000 }))
    .option('--title <text>', "title of the new session (default: the other one's)")
    .addOption(codeOption())
    .addOption(rootOption())
    .addOption(jsonOption());
  addLimitOptions(addBackendOptions(command))
    .addHelpText('after', notes)
    .action((id: string, _options, command: Command) =>
      fork(id, command.optsWithGlobals<ForkOptions>(), cli),
    );
}

async function fork(id: string, options: ForkOptions, cli: Cli): Promise<void> {
  const { at, title } = options;
  const limits = toLimits(options);
  await workOnReplayed(
    id,
    (engine, sessionId, { signal, onProgress }) =>
      engine.sessions.fork(
        { sessionId, atStep: at ?? null, title: title ?? '', limits, ...toBackend(options) },
        signal,
        onProgress,
      ),
    { options, cli },
  );
}
