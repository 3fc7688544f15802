// `rlm-companion trace`: what happened in a session, event by event.

import type { Command } from 'commander';
import type { UnreadableLines } from '../../core/unreadableLines';
import { toUnreadableText } from '../../export/wording';
import type { Cli } from '../cli';
import { usageError } from '../failure';
import { type GlobalOptions, parseWholeNumber, toHome } from '../options';
import { renderEvent } from '../render/event';
import { toJsonText } from '../render/json';
import { findSession, readAllEvents } from '../traces';

interface TraceOptions extends GlobalOptions {
  readonly json?: true;
  readonly from?: number;
  readonly to?: number;
}

export function addTraceCommand(program: Command, cli: Cli): void {
  const parseStep = parseWholeNumber({ min: 0, max: 1_000_000 });
  program
    .command('trace')
    .description('show what happened in a session')
    .argument('<id>', 'the session, by its id or the beginning of it')
    .option('--from <step>', 'first step', parseStep)
    .option('--to <step>', 'last step', parseStep)
    .option('--json', 'print one JSON object per event and line')
    .addHelpText('after', '\nExample:\n  $ rlm-companion trace 01932b7e-5c --from 3 --to 5')
    .action((id: string, _options, command: Command) =>
      showTrace(id, command.optsWithGlobals<TraceOptions>(), cli),
    );
}

async function showTrace(id: string, options: TraceOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const range = { fromStep: options.from ?? null, toStep: options.to ?? null };
  if ((range.fromStep ?? 0) > (range.toStep ?? Infinity)) {
    throw usageError(`--from ${range.fromStep} is after --to ${range.toStep}.`, 'Swap the two.');
  }
  const runtime = await cli.loadRuntime();
  const traces = await runtime.openTraces({ home: toHome(options, cli) });
  try {
    const { sessionId } = await findSession(traces, id);
    const unreadable: UnreadableLines[] = [];
    const onUnreadable = (gaps: readonly UnreadableLines[]): void => void unreadable.push(...gaps);
    for await (const event of readAllEvents(traces, sessionId, { ...range, onUnreadable })) {
      const text = options.json ? toJsonText(event, 0) : renderEvent(event, terminal.style);
      await terminal.write(`${text}\n`);
    }
    if (unreadable.length > 0) {
      terminal.printError(toUnreadableText(unreadable));
    }
  } finally {
    traces.dispose();
  }
}
