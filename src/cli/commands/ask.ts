// `rlm-companion ask`: a question over files, answered by a model that writes the code.

import type { Command } from 'commander';
import { toByteText } from '../../base/text';
import type { LoopResult } from '../../core/loop';
import type { Cli } from '../cli';
import { type ExitCode, exitCodes, usageError } from '../failure';
import {
  addBackendOptions,
  addLimitOptions,
  type BackendOptions,
  addReadOptions,
  type GlobalOptions,
  sandboxNetworkOption,
  type SandboxNetworkOptions,
  toBackendSettings,
  languageOption,
  type LimitOptions,
  parseWholeNumber,
  type ReadOptions,
  rootOption,
  toBackend,
  toGivenFiles,
  toHome,
  toLanguage,
  toLimits,
} from '../options';
import { printPlaceWarnings, printWarnings } from '../render/context';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { toRoots, warnOfWideRoots } from '../roots';
import { LoopPrinter } from '../run/loopPrinter';
import type { Language } from '../../core/sandbox';

interface AskOptions
  extends GlobalOptions, SandboxNetworkOptions, ReadOptions, LimitOptions, BackendOptions {
  readonly model?: string;
  readonly subModel?: string;
  readonly maxIterations?: number;
  readonly language?: Language;
  readonly json?: true;
  readonly root: readonly string[];
}

const notes = `
The model writes code, which runs in the sandbox; code, output and answer are shown as they come, the
answer on stdout and the rest on stderr. Ctrl+C stops the run and leaves its trace.
--root takes one folder, as files may follow it: write it once for each.

Examples:
  $ rlm-companion ask server.log 'Which error came most often, and when did it begin?'
  $ rlm-companion ask 'src/**/*.ts' 'Where are tokens checked?' --model openai/gpt-5 --json`;

export function addAskCommand(program: Command, cli: Cli): void {
  const command = program
    .command('ask')
    .description('answer a question over files of any size with a model that writes code')
    .argument('<file...>', 'files, folders or globs, and last the question')
    .option('--model <name>', 'provider/model that writes the code')
    .option('--sub-model <name>', 'provider/model that answers the code’s prompts')
    .option(
      '--max-iterations <n>',
      'how often the model may write code (default: RLM_MAX_ITERATIONS, else 15)',
      parseWholeNumber({ min: 1, max: 100 }),
    )
    .addOption(languageOption())
    .addOption(rootOption())
    .addOption(sandboxNetworkOption())
    .option('--json', 'print one JSON document at the end and nothing else');
  addLimitOptions(addReadOptions(addBackendOptions(command)))
    .addHelpText('after', notes)
    .action((words: readonly string[], _options, command: Command) =>
      ask(words, command.optsWithGlobals<AskOptions>(), cli),
    );
}

async function ask(words: readonly string[], options: AskOptions, cli: Cli): Promise<void> {
  const question = words.at(-1) ?? '';
  const files = words.slice(0, -1);
  if (files.length === 0 || question.trim() === '') {
    throw usageError(
      'A file or the question is missing.',
      'Give files first and the question last: rlm-companion ask server.log "What went wrong?"',
    );
  }
  const { terminal } = cli;
  warnOfWideRoots(options.root, cli);
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root, files }),
    baseFolder: cli.cwd,
    backends: toBackendSettings(options, cli),
    log: () => undefined,
  });
  const printer = options.json ? null : new LoopPrinter(terminal);
  const watching = engine.sessions.onDidChange((change) => {
    if (change.event.kind === 'session.opened' && change.event.sandbox) {
      printPlaceWarnings(change.event.sandbox, terminal);
    }
    if (change.event.kind === 'context.loaded') {
      terminal.showProgress('');
      printWarnings([change.event.context], terminal);
    }
    printer?.showEvent(change);
  });
  try {
    const result = await cli.interrupts.during((signal) =>
      engine.loops.run(
        {
          task: question,
          work: { kind: 'analyze' },
          context: toGivenFiles(files, options),
          title: '',
          language: toLanguage(options.language, undefined),
          maxIterations: options.maxIterations ?? null,
          model: options.model ?? null,
          subModel: options.subModel ?? null,
          limits: toLimits(options),
          ...toBackend(options),
          client: null,
          parent: null,
          onStage: (stage) => terminal.showProgress(toPrintable(stage)),
          onLoad: (bytes) => terminal.showProgress(`reading ${toByteText(bytes)}`),
          ...(printer ? { onProgress: (progress) => printer.showProgress(progress) } : {}),
        },
        signal,
      ),
    );
    terminal.showProgress('');
    printResult(result, { asJson: options.json === true, cli });
    cli.exitCode = toExitCode(result);
  } finally {
    terminal.showProgress('');
    watching.dispose();
    await engine.close();
  }
}

function printResult(
  result: LoopResult,
  { asJson, cli: { terminal } }: { readonly asJson: boolean; readonly cli: Cli },
): void {
  const { answer, finishReason, sessionId } = result;
  if (asJson) {
    terminal.print(toJsonText(result));
    return;
  }
  const { errorStyle } = terminal;
  if (answer !== null) {
    terminal.print(terminal.isOutputShown ? toPrintable(answer) : answer);
  }
  if (finishReason === 'max_iterations') {
    const from =
      answer === null
        ? 'No iteration handed in an answer, and none could be drawn from what the variables held at the end.'
        : 'No iteration handed in an answer: this was drawn from what the variables held at the end.';
    terminal.printError(errorStyle.yellow(from));
  } else if (answer === null) {
    terminal.printError(errorStyle.yellow(`Guardrail ${finishReason} ended the run.`));
  }
  terminal.printError(errorStyle.dim(`Session ${sessionId}: rlm-companion trace ${sessionId}`));
}

function toExitCode({ answer, finishReason }: LoopResult): ExitCode {
  if (answer !== null) {
    return exitCodes.ok;
  }
  return finishReason === 'max_iterations' ? exitCodes.failed : exitCodes.guardrail;
}
