// `rlm-companion export`: a whole trace as one document.

import { type Command, Option } from 'commander';
import { type ExportFormat, exportFormats } from '../../export/exportTrace';
import type { Cli } from '../cli';
import { type GlobalOptions, toHome } from '../options';
import { findSession, readWholeTrace } from '../traces';
import { writeNewFile } from '../writeNewFile';

interface ExportOptions extends GlobalOptions {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly force?: true;
  readonly user?: true;
}

export function addExportCommand(program: Command, cli: Cli): void {
  program
    .command('export')
    .description('write a trace as JSON, Markdown or one HTML page')
    .argument('<id>', 'the session, by its id or the beginning of it')
    .addOption(
      new Option('--format <format>', 'form of the document')
        .choices(exportFormats)
        .makeOptionMandatory(),
    )
    .option('--output <file>', 'where to write (default: stdout; HTML on a terminal: <id>.html)')
    .option('--force', 'replace the file if it exists')
    .option('--user', 'say whose session it is, in the trace of a server with users')
    .addHelpText(
      'after',
      '\nExample:\n  $ rlm-companion export 01932b7e-5c --format html --output trace.html',
    )
    .action((id: string, _options, command: Command) =>
      exportSession(id, command.optsWithGlobals<ExportOptions>(), cli),
    );
}

async function exportSession(id: string, options: ExportOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const runtime = await cli.loadRuntime();
  const traces = await runtime.openTraces({ home: toHome(options, cli) });
  try {
    const summary = await findSession(traces, id);
    const whole = readWholeTrace(traces, summary.sessionId);
    const document = runtime.exportTrace(options.format, {
      ...{ summary, ...whole },
      showsUser: options.user === true,
    });
    const isPageForScreen = options.format === 'html' && terminal.isOutputShown;
    const file = options.output ?? (isPageForScreen ? `${summary.sessionId}.html` : null);
    if (file === null) {
      for await (const piece of document) {
        await terminal.write(piece);
      }
      return;
    }
    const written = await writeNewFile(file, document, {
      cwd: cli.cwd,
      mayReplace: options.force === true,
      whenThere: 'Choose another name with --output, or add --force.',
    });
    terminal.print(written);
  } finally {
    traces.dispose();
  }
}
