// `rlm-companion sessions`: the sessions of this home folder, newest first.

import { type Command, Option } from 'commander';
import { type SessionStatus, sessionStatuses } from '../../core/event';
import type { Summary } from '../../core/summary';
import type { Cli } from '../cli';
import { type GlobalOptions, parseWholeNumber, toHome } from '../options';
import { toJsonText } from '../render/json';
import { type Column, renderTable } from '../render/table';
import { toAgeText, toCountText } from '../render/words';
import type { Terminal } from '../terminal';

interface SessionsOptions extends GlobalOptions {
  readonly status?: SessionStatus;
  readonly limit: number;
  readonly json?: true;
}

export function addSessionsCommand(program: Command, cli: Cli): void {
  program
    .command('sessions')
    .description('list sessions, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(sessionStatuses))
    .option('--limit <n>', 'at most so many', parseWholeNumber({ min: 1, max: 1_000 }), 20)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ rlm-companion sessions --status active --limit 5')
    .action((_options, command: Command) =>
      listSessions(command.optsWithGlobals<SessionsOptions>(), cli),
    );
}

async function listSessions(options: SessionsOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const runtime = await cli.loadRuntime();
  const traces = await runtime.openTraces({ home: toHome(options, cli) });
  try {
    const { summaries, nextCursor } = await traces.listSummaries({
      status: options.status ?? null,
      limit: options.limit,
      cursor: null,
    });
    if (options.json) {
      terminal.print(toJsonText({ sessions: summaries, hasMore: nextCursor !== null }));
    } else if (summaries.length === 0) {
      terminal.printError(`No sessions in ${traces.location}.`);
    } else {
      terminal.print(renderSessions(summaries, Date.now(), terminal));
      if (nextCursor !== null) {
        terminal.printError(terminal.errorStyle.dim('There are more: raise --limit.'));
      }
    }
  } finally {
    traces.dispose();
  }
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'STATUS' },
  { title: 'LANGUAGE' },
  { title: 'STEPS', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'TITLE' },
];

function toLanguageText({ language, sandbox, agent }: Summary): string {
  if (agent) {
    return `agent ${agent.profileId}`;
  }
  return sandbox.backend === 'wasm' ? language : `${language}, ${sandbox.backend}`;
}

/** `now` in epoch ms. */
export function renderSessions(
  summaries: readonly Summary[],
  now: number,
  { style, columns: screen, isOutputShown }: Terminal,
): string {
  const rows = summaries.map((summary) => [
    summary.sessionId,
    summary.running ? `${summary.status}, running` : summary.status,
    toLanguageText(summary),
    toCountText(summary.usage.steps),
    toAgeText(now - summary.createdAt),
    summary.title,
  ]);
  return renderTable(columns, rows, { style, width: isOutputShown ? screen : Infinity });
}
