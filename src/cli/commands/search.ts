// `rlm-companion search`: what sessions and agent runs of this home said, ran, changed and found.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SessionStatus, sessionStatuses } from '../../core/event';
import type { RunHit, RunSearchResult } from '../../core/search/runSearch';
import { type TraceAction, traceActions } from '../../core/traceActions';
import type { Cli } from '../cli';
import { collect, type GlobalOptions, parseWholeNumber, toHome } from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { toAgeText, toCountText } from '../render/words';
import type { Terminal } from '../terminal';
import { findSession } from '../traces';

interface SearchOptions extends GlobalOptions {
  readonly session?: string;
  readonly profile?: string;
  readonly tag: readonly string[];
  readonly kind?: TraceAction;
  readonly status?: SessionStatus;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly skip: number;
  readonly json?: true;
}

const maxLimit = 1_000;
const jsonChars = 4_000;
const shownChars = 300;
/** The first search of a large home makes the whole index. */
const waitMs = 3_600_000;

export function addSearchCommand(program: Command, cli: Cli): void {
  program
    .command('search')
    .argument('[words...]', '"in quotes": exactly so; word*: what begins so; none: the newest')
    .description('search what sessions and agent runs said, ran, changed and found')
    .option('--session <id>', 'only of this one, by its id or the beginning of it')
    .option('--profile <id>', 'only agent runs of this profile')
    .option('--tag <tag>', 'only notes with this tag; once for each', collect, [])
    .addOption(new Option('--kind <kind>', 'only these events').choices(traceActions))
    .addOption(
      new Option('--status <status>', 'only of sessions that stand so').choices(sessionStatuses),
    )
    .option('--since <time>', 'not before this time, ISO 8601, or 2d, 3h, 10m ago', parseTime)
    .option('--until <time>', 'not after it', parseTime)
    .option('--limit <n>', 'at most so many', parseWholeNumber({ min: 1, max: maxLimit }), 10)
    .option('--skip <n>', 'leave out the first', parseWholeNumber({ min: 0, max: 1e9 }), 0)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion search flaky login test --since 7d\n  $ rlm-companion search \'"connection refused"\' --kind command --json',
    )
    .action((words: readonly string[], _options, command: Command) =>
      search(words.join(' '), command.optsWithGlobals<SearchOptions>(), cli),
    );
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Epoch ms. */
function parseTime(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/u.exec(text) ?? [];
  const at =
    count === undefined ? Date.parse(text) : Date.now() - Number(count) * (unitMs[unit ?? ''] ?? 0);
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'It must be a time such as 2026-07-27T09:30:00Z, or 2d, 3h, 10m.',
    );
  }
  return at;
}

async function search(query: string, options: SearchOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const runtime = await cli.loadRuntime();
  const { search: runs, traces } = await runtime.openSearch({ home: toHome(options, cli) });
  try {
    const sessionId =
      options.session === undefined ? null : (await findSession(traces, options.session)).sessionId;
    const result = await cli.interrupts.during((signal) =>
      runs.search(
        {
          query,
          sessionId,
          profileId: options.profile ?? null,
          tags: options.tag,
          kinds: options.kind === undefined ? null : [options.kind],
          status: options.status ?? null,
          since: options.since ?? null,
          until: options.until ?? null,
          offset: options.skip,
          limit: options.limit,
          textChars: options.json ? jsonChars : shownChars,
          waitMs,
        },
        signal,
      ),
    );
    if (options.json) {
      terminal.print(toJsonText(toDocument(result, options.skip)));
    } else {
      show(result, { skipped: options.skip, location: traces.location }, terminal);
    }
  } finally {
    await runs.dispose();
    traces.dispose();
  }
}

function toDocument({ hits, total, notes }: RunSearchResult, skipped: number): object {
  return {
    hits: hits.map(({ id, session, entry, snippet, score, why }) => ({
      id,
      sessionId: session.sessionId,
      sessionTitle: session.title,
      profileId: session.profileId,
      parentSessionId: session.parentSessionId,
      relationship: session.relationship,
      kind: entry.kind,
      outcome: entry.outcome,
      at: new Date(entry.at).toISOString(),
      step: entry.step,
      title: entry.title,
      text: snippet,
      files: entry.files,
      tags: entry.tags,
      relatedSessions: entry.relatedSessions,
      score,
      why,
    })),
    total,
    more: Math.max(0, total - skipped - hits.length),
    notes,
  };
}

function show(
  { hits, total, notes }: RunSearchResult,
  { skipped, location }: { readonly skipped: number; readonly location: string },
  terminal: Terminal,
): void {
  notes.forEach((note) => terminal.printError(toPrintable(note)));
  if (hits.length === 0) {
    terminal.printError(`Nothing found in ${toPrintable(location)}.`);
    return;
  }
  terminal.print(hits.map((hit) => renderHit(hit, terminal)).join('\n\n'));
  const more = total - skipped - hits.length;
  if (more > 0) {
    terminal.printError(
      terminal.errorStyle.dim(
        `${toCountText(more)} more: --skip ${skipped + hits.length}, or raise --limit.`,
      ),
    );
  }
}

function renderHit({ id, session, entry, snippet, why }: RunHit, { style }: Terminal): string {
  const age = toAgeText(Math.max(0, Date.now() - entry.at));
  const whose =
    session.profileId === null ? session.title : `${session.profileId}: ${session.title}`;
  return [
    `${style.bold(id)}  ${entry.kind}, ${entry.outcome}, ${age} ago, ${toPrintable(why)}`,
    style.dim(`  ${toPrintable(whose)}`),
    `  ${toPrintable(entry.title)}`,
    ...(snippet === entry.title || snippet === '' ? [] : [`  ${toPrintable(snippet)}`]),
  ].join('\n');
}
