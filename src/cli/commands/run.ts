// `rlm-companion run`: a session over files, for code from a file or typed by a person.

import type { Command } from 'commander';
import type { Engine } from '../../core/engine';
import { toByteText } from '../../base/text';
import type { Session } from '../../core/session';
import type { Language } from '../../core/sandbox';
import type { Cli } from '../cli';
import { checkSteps, readCode, readInput, toSteps } from '../code';
import {
  addLimitOptions,
  type GlobalOptions,
  languageOption,
  type LimitOptions,
  rootOption,
  toHome,
  toLanguage,
  toLimits,
} from '../options';
import { toRoots } from '../roots';

interface RunOptions extends GlobalOptions, LimitOptions {
  readonly code?: string;
  readonly language?: Language;
  readonly title?: string;
  readonly root: readonly string[];
  readonly json?: true;
}

const examples = `
Without --code, and on a terminal, this is a REPL; code on standard input runs as one step.

Examples:
  $ rlm-companion run server.log
  $ rlm-companion run 'logs/*.log' --code count.py --json
  $ echo 'len(context)' | rlm-companion run server.log`;

export function addRunCommand(program: Command, cli: Cli): void {
  const command = program
    .command('run')
    .description('run code over files of any size, or explore them in a REPL')
    .argument('<file...>', 'files, folders or globs that become `context`')
    .option(
      '--code <file>',
      'run this code (- is stdin); a line `# %%` or `// %%` begins a new step',
    )
    .addOption(languageOption())
    .option('--title <text>', 'title of the session')
    .addOption(rootOption())
    .option('--json', 'with --code: print one JSON document at the end');
  addLimitOptions(command)
    .addHelpText('after', examples)
    .action((files: readonly string[], _options, command: Command) =>
      run(files, command.optsWithGlobals<RunOptions>(), cli),
    );
}

async function run(files: readonly string[], options: RunOptions, cli: Cli): Promise<void> {
  const language = toLanguage(options.language, options.code);
  const isRepl = options.code === undefined && cli.terminal.isInteractive && !options.json;
  const steps = isRepl ? null : await readSteps(options, language, cli);
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root, files }),
    baseFolder: cli.cwd,
    log: () => undefined,
  });
  try {
    const session = await openSession(engine, files, { options, language, cli });
    if (steps === null) {
      const { runRepl } = await import('../run/repl');
      await runRepl({ engine, session, runtime, cli });
    } else {
      const { runCode } = await import('../run/runCode');
      cli.exitCode = await runCode(session, steps, { cli, asJson: options.json === true });
    }
  } finally {
    await engine.close();
  }
}

async function readSteps(
  options: RunOptions,
  language: Language,
  cli: Cli,
): Promise<readonly string[]> {
  if (options.code !== undefined) {
    return toSteps(await readCode(options.code, cli), language);
  }
  const code = await readInput(cli.terminal.input);
  return checkSteps(code.trim() === '' ? [] : [code], 'Give it with --code, split into steps.');
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
          context: { text: null, paths: files },
          language: given.language,
          title: given.options.title ?? '',
          limits: toLimits(given.options),
        },
        signal,
        (bytes) => terminal.showProgress(`reading ${toByteText(bytes)}`),
      ),
    );
  } finally {
    terminal.showProgress('');
  }
}
