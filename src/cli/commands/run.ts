// `rlm-companion run`: a session over files, for code from a file or typed by a person.

import type { Command } from 'commander';
import type { Engine } from '../../core/engine';
import { toByteText } from '../../base/text';
import type { Session } from '../../core/session';
import type { Language } from '../../core/sandbox';
import type { Cli } from '../cli';
import { type CodeOptions, readGivenSteps } from '../code';
import {
  addBackendOptions,
  addLimitOptions,
  type BackendOptions,
  addReadOptions,
  codeOption,
  type GlobalOptions,
  sandboxNetworkOption,
  type SandboxNetworkOptions,
  toBackendSettings,
  jsonOption,
  languageOption,
  type LimitOptions,
  type ReadOptions,
  rootOption,
  toBackend,
  toGivenFiles,
  toHome,
  toLanguage,
  toLimits,
} from '../options';
import { printWarnings } from '../render/context';
import { toPrintable } from '../render/printable';
import { toRoots, warnOfWideRoots } from '../roots';
import { workOn } from '../run/workOn';

interface RunOptions
  extends
    GlobalOptions,
    SandboxNetworkOptions,
    ReadOptions,
    LimitOptions,
    CodeOptions,
    BackendOptions {
  readonly language?: Language;
  readonly title?: string;
  readonly root: readonly string[];
}

const examples = `
Without --code, and on a terminal, this is a REPL; code on standard input runs as one step.
--root takes one folder, as files may follow it: write it once for each.

Examples:
  $ rlm-companion run server.log
  $ rlm-companion run 'logs/*.log' --code count.py --json
  $ echo 'len(context)' | rlm-companion run server.log`;

export function addRunCommand(program: Command, cli: Cli): void {
  const command = program
    .command('run')
    .description('run code over files of any size, or explore them in a REPL')
    .argument('<file...>', 'files, folders or globs that become `context`')
    .addOption(codeOption())
    .addOption(languageOption())
    .option('--title <text>', 'title of the session')
    .addOption(rootOption())
    .addOption(jsonOption())
    .addOption(sandboxNetworkOption());
  addLimitOptions(addReadOptions(addBackendOptions(command)))
    .addHelpText('after', examples)
    .action((files: readonly string[], _options, command: Command) =>
      run(files, command.optsWithGlobals<RunOptions>(), cli),
    );
}

async function run(files: readonly string[], options: RunOptions, cli: Cli): Promise<void> {
  const language = toLanguage(options.language, options.code);
  const steps = await readGivenSteps(options, language, cli);
  warnOfWideRoots(options.root, cli);
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root, files }),
    baseFolder: cli.cwd,
    backends: toBackendSettings(options, cli),
    log: () => undefined,
  });
  try {
    const session = await openSession(engine, files, { options, language, cli });
    if (steps !== null) {
      printWarnings(session.summary.contexts, cli.terminal); // a REPL shows them with the context
    }
    await workOn(session, { steps, asJson: options.json === true, engine, runtime, cli });
  } finally {
    await engine.close();
  }
}

async function openSession(
  engine: Engine,
  files: readonly string[],
  given: { readonly options: RunOptions; readonly language: Language; readonly cli: Cli },
): Promise<Session> {
  const { terminal, interrupts } = given.cli;
  try {
    return await interrupts.during((signal) =>
      engine.sessions.openSession(
        {
          context: toGivenFiles(files, given.options),
          language: given.language,
          title: given.options.title ?? '',
          limits: toLimits(given.options),
          ...toBackend(given.options),
          onStage: (stage) => terminal.showProgress(toPrintable(stage)),
        },
        signal,
        (bytes) => terminal.showProgress(`reading ${toByteText(bytes)}`),
      ),
    );
  } finally {
    terminal.showProgress('');
  }
}
