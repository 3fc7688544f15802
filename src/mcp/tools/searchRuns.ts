// search_runs: what sessions and agent runs of this home said, ran, changed and found.

import * as z from 'zod';
import { toInline, toInlineCode } from '../../base/markdown';
import { entryOutcomes } from '../../core/search/contextIndex';
import type { RunHit } from '../../core/search/runSearch';
import { maxQueryChars } from '../../core/search/searchWords';
import { traceActions } from '../../core/traceActions';
import { withoutEmpty } from '../brief';
import { countField, cursorField, isoTimeField, sessionIdField, statusField } from '../fields';
import { createInvalidInput } from '../invalidInput';
import { defineTool } from '../tool';

const hitChars = 600;
const waitMs = 15_000;
const timeField = z.string().max(100);

const input = z.strictObject({
  query: z
    .string()
    .max(maxQueryChars)
    .default('')
    .describe(
      'Words; "in quotes": exactly so; word*: what begins so. Left out: the newest events.',
    ),
  session_id: sessionIdField.optional().describe('Only of this session or run.'),
  profile_id: z.string().min(1).max(100).optional().describe('Only agent runs of this profile.'),
  tags: z.array(z.string().min(1).max(50)).max(20).default([]).describe('Notes with all of these.'),
  kind: z.enum(traceActions).optional().describe('An action of rlm_get_trace.'),
  status: statusField.optional().describe('Of their session.'),
  since: timeField.optional().describe('Not before this time, ISO 8601.'),
  until: timeField.optional().describe('Not after it.'),
  limit: z.int().min(1).max(50).default(10).describe('Hits per page.'),
  cursor: cursorField,
});

const output = z.object({
  hits: z.array(
    z.object({
      id: z.string().describe('session:number of the event in its trace.'),
      session_id: z.string(),
      title: z.string().optional(),
      text: z.string().describe('The part that matches.'),
      kind: z.string(),
      outcome: z.enum(entryOutcomes),
      score: z.number(),
      why: z.string(),
      at: isoTimeField,
      step_index: countField,
      session_title: z.string().optional(),
      profile_id: z.string().optional(),
      parent_session_id: z.string().optional(),
      relationship: z.enum(['child', 'fork']).optional(),
      files: z.array(z.string()).optional(),
      tags: z.array(z.string()).optional(),
      related_sessions: z.array(z.string()).optional(),
    }),
  ),
  total: countField.describe('Hits on all pages.'),
  more: countField,
  next_cursor: z.string().nullable(),
  notes: z.array(z.string()).optional().describe('What this answer lacks.'),
});

type Payload = z.output<typeof output>;

const maxShownFiles = 10;

export const searchRuns = defineTool({
  name: 'search_runs',
  set: 'traces',
  title: 'Search sessions and agent runs',
  description:
    'Finds what earlier sessions and agent runs did: code and output, commands, changed files, answers, notes. ' +
    'Use it before doing again what may have been done. Costs nothing. Next: rlm_get_trace from a hit’s step.',
  input,
  output,
  // Where the user has set up a server of embeddings, the query is sent there.
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ engine, signal }, args) {
    const offset = parseCursor(args.cursor ?? null);
    const { hits, total, notes } = await engine.search.search(
      {
        query: args.query,
        sessionId: args.session_id ?? null,
        profileId: args.profile_id ?? null,
        tags: args.tags,
        kinds: args.kind === undefined ? null : [args.kind],
        status: args.status ?? null,
        since: parseTime('since', args.since),
        until: parseTime('until', args.until),
        ...{ offset, limit: args.limit, textChars: hitChars, waitMs },
      },
      signal,
    );
    const end = offset + hits.length;
    const more = Math.max(0, total - end);
    return {
      hits: hits.map(toHitView),
      total,
      more,
      next_cursor: more > 0 && hits.length > 0 ? String(end) : null,
      ...(notes.length > 0 && { notes: [...notes] }),
    };
  },
  toMarkdown: ({ hits, total, more, next_cursor: cursor, notes = [] }) =>
    [
      `## ${total} found`,
      ...notes.map((note) => `**${toInline(note)}**`),
      ...hits.map(toSection),
      ...(cursor === null ? [] : [`${more} more: cursor ${toInlineCode(cursor)}`]),
    ].join('\n\n'),
});

/** @throws RlmError 'INVALID_INPUT' */
function parseCursor(cursor: string | null): number {
  if (cursor === null) {
    return 0;
  }
  if (!/^\d{1,9}$/u.test(cursor)) {
    throw createInvalidInput(
      `"${cursor.slice(0, 80)}" is no cursor of a search.`,
      'Pass next_cursor of the page before, unchanged, or none for the first page.',
    );
  }
  return Number(cursor);
}

/** @throws RlmError 'INVALID_INPUT' */
function parseTime(name: string, text: string | undefined): number | null {
  if (text === undefined) {
    return null;
  }
  const at = /^\d{4}-\d\d-\d\d/u.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) {
    throw createInvalidInput(
      `Argument ${name} is no time: "${text}".`,
      `Give ${name} as ISO 8601, such as 2026-07-27T09:30:00Z.`,
    );
  }
  return at;
}

function toHitView({ id, session, entry, snippet, score, why }: RunHit): Payload['hits'][number] {
  const { parentSessionId, relationship } = session;
  return withoutEmpty<Payload['hits'][number]>(
    {
      id,
      session_id: session.sessionId,
      title: entry.title,
      text: snippet,
      kind: entry.kind,
      outcome: entry.outcome,
      score: Number(score.toPrecision(4)),
      why,
      at: new Date(entry.at).toISOString(),
      step_index: entry.step,
      session_title: session.title,
      profile_id: session.profileId ?? undefined,
      parent_session_id: parentSessionId ?? undefined,
      relationship: relationship ?? undefined,
      files: entry.files.slice(0, maxShownFiles),
      tags: [...entry.tags],
      related_sessions: entry.relatedSessions.slice(0, maxShownFiles),
    },
    ['text', 'score', 'why', 'step_index'],
  );
}

function toSection(hit: Payload['hits'][number]): string {
  const what = [hit.kind, hit.outcome, hit.at, hit.why].map(toInline).join(', ');
  return [
    `### ${toInlineCode(hit.id)} ${toInline(hit.title ?? '')}`,
    what,
    toInline(hit.text),
  ].join('\n\n');
}
