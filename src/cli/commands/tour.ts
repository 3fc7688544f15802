// `rlm-companion tour`: a whole analysis over MCP against this very program, shown step by step.

import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { Language } from '../../core/sandbox';
import type { TraceStore } from '../../core/traceStore';
import type { Cli, CliRuntime } from '../cli';
import { readCode, toSteps } from '../code';
import { usageError } from '../failure';
import { type GlobalOptions, languageOption, toHome, toLanguage } from '../options';
import { toPrintable } from '../render/printable';
import { toDurationText } from '../render/words';
import { toRoots } from '../roots';
import type { TourPlan } from '../tour/plan';
import { readWholeTrace } from '../traces';
import { writeNewFile } from '../writeNewFile';

interface TourOptions extends GlobalOptions {
  readonly code?: string;
  readonly language?: Language;
  readonly output?: string;
  readonly force?: true;
}

const notes = `
Without FILE it reads TypeScript's own files, where they are installed.
With FILE and no --code it profiles the text: longest lines, words, dates, error-like lines.

Examples:
  $ rlm-companion tour
  $ rlm-companion tour server.log --output trace.html
  $ rlm-companion tour 'logs/*.log' --code count.py`;

export function addTourCommand(program: Command, cli: Cli): void {
  program
    .command('tour')
    .description('watch a whole analysis: open, search, map, aggregate, finish, trace')
    .argument('[file...]', 'files, folders or globs to analyse')
    .option('--code <file>', 'run this code instead; a line `# %%` or `// %%` begins a new step')
    .addOption(languageOption())
    .option('--output <file>', 'where the HTML trace goes (default: the temporary folder)')
    .option('--force', 'replace the file if it exists')
    .addHelpText('after', notes)
    .action((files: readonly string[], _options, command: Command) =>
      showTour(files, command.optsWithGlobals<TourOptions>(), cli),
    );
}

async function showTour(files: readonly string[], options: TourOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const started = performance.now();
  await checkOutput(options, cli);
  const plan = await createPlan(files, options, cli);
  const runtime = await cli.loadRuntime();
  const traces = await runtime.openTraces({ home: toHome(options, cli) });
  try {
    terminal.print(terminal.style.bold(`Tour: ${toPrintable(plan.title)}`));
    const sessionId = await runPlan(plan, { traces, runtime, cli });
    const page = await writePage(sessionId, options, { traces, runtime, cli });
    const took = toDurationText(performance.now() - started);
    terminal.print(`Trace: ${toPrintable(page)}`);
    terminal.print(
      terminal.style.dim(`Session ${sessionId}, all in ${took}; the server has ended.`),
    );
  } finally {
    traces.dispose();
  }
}

/** So that long work does not end in a file that may not be written. */
async function checkOutput({ output, force }: TourOptions, cli: Cli): Promise<void> {
  const file = output === undefined ? null : path.resolve(cli.cwd, output);
  if (file !== null && !force && (await stat(file).catch(() => null))) {
    throw usageError(
      `${file} exists already.`,
      'Choose another name with --output, or add --force.',
    );
  }
}

async function createPlan(
  files: readonly string[],
  options: TourOptions,
  cli: Cli,
): Promise<TourPlan> {
  const plans = await import('../tour/plan');
  const language = toLanguage(options.language, options.code);
  if (options.code !== undefined) {
    if (files.length === 0) {
      throw usageError('--code needs a FILE to run over.', 'Name one: tour FILE --code CODE.');
    }
    const steps = toSteps(await readCode(options.code, cli), language);
    return plans.createCodePlan(files, { steps, language, name: options.code });
  }
  if (language !== 'python') {
    throw usageError('The built-in analyses are Python.', 'Give your JavaScript with --code.');
  }
  return files.length > 0
    ? plans.createProfilePlan(files)
    : plans.createTypeScriptPlan([cli.programFile, path.join(cli.cwd, 'package.json')]);
}

interface TourParts {
  readonly traces: TraceStore;
  readonly runtime: CliRuntime;
  readonly cli: Cli;
}

/** The id of the session it left. */
async function runPlan(plan: TourPlan, { traces, runtime, cli }: TourParts): Promise<string> {
  const { TourClient } = await import('../tour/tourClient');
  const { Tour } = await import('../tour/tour');
  return cli.interrupts.during(async (signal) => {
    const client = await TourClient.connect({
      programFile: cli.programFile,
      home: traces.location,
      roots: await toRoots(cli.cwd, { files: plan.paths }),
      cwd: cli.cwd,
      version: runtime.version,
    });
    try {
      const end = await new Tour(client, cli).run(plan, signal);
      cli.exitCode = end.exitCode;
      return end.sessionId;
    } finally {
      await client.close();
    }
  });
}

async function writePage(
  sessionId: string,
  options: TourOptions,
  { traces, runtime, cli }: TourParts,
): Promise<string> {
  const summary = await traces.readSummary(sessionId);
  if (!summary) {
    throw new Error(`The trace of ${sessionId} is gone.`);
  }
  const file = options.output ?? path.join(os.tmpdir(), `rlm-tour-${sessionId}.html`);
  const whole = readWholeTrace(traces, sessionId);
  return writeNewFile(file, runtime.exportTrace('html', { summary, ...whole }), {
    cwd: cli.cwd,
    mayReplace: options.force === true,
    whenThere: 'Choose another name with --output, or add --force.',
  });
}
