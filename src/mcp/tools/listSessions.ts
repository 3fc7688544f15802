// rlm_list_sessions: the sessions of this home, newest first.

import * as z from 'zod';
import { toInlineCode, toTable } from '../../base/markdown';
import {
  backendField,
  countField,
  cursorField,
  isoTimeField,
  languageField,
  statusField,
  usageSchema,
} from '../fields';
import { readFittingPage } from '../fitPage';
import { toSessionViews } from '../sessionView';
import { defineTool } from '../tool';

const input = z.strictObject({
  status: statusField
    .optional()
    .describe(
      'Only these. closed: let go of by their engine; interrupted: their engine ended, or something in them ' +
        'was cut short. Both go on with rlm_run_repl.',
    ),
  limit: z.int().min(1).max(200).default(20).describe('Sessions per page.'),
  cursor: cursorField,
});

const output = z.object({
  sessions: z.array(
    z.object({
      session_id: z.string(),
      title: z.string(),
      status: statusField,
      language: languageField,
      backend: backendField,
      created_at: isoTimeField,
      updated_at: isoTimeField,
      usage: usageSchema,
      parent_session_id: z.string().nullable(),
      source_step: countField
        .nullable()
        .describe('Of a fork: after which step of its parent; null: no fork.'),
    }),
  ),
  next_cursor: z.string().nullable().describe('For the next page; null at the end.'),
});

export const listSessions = defineTool({
  name: 'rlm_list_sessions',
  set: 'traces',
  title: 'List sessions',
  description:
    'Lists sessions, newest first, with status and usage: also those of other agents and earlier runs on ' +
    'this machine. Use it to find a session_id again. Costs nothing. Next: rlm_run_repl on one that is ' +
    'not finalized or stopped, rlm_get_trace on any.',
  input,
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ engine }, args) {
    const page = await readFittingPage(
      async (limit, cursor) => {
        const { summaries, nextCursor } = await engine.traces.listSummaries({
          status: args.status ?? null,
          limit,
          cursor,
        });
        return { items: toSessionViews(summaries, engine.sessions), nextCursor };
      },
      args.limit,
      args.cursor ?? null,
    );
    return { next_cursor: page.nextCursor, sessions: [...page.items] };
  },
  toMarkdown: ({ sessions, next_cursor: cursor }) =>
    [
      '## Sessions',
      ...(sessions.length === 0 ? ['None.'] : []),
      ...toTable(
        ['session', 'title', 'status', 'language', 'created', 'steps'],
        sessions.map((one) => [
          one.session_id,
          one.title,
          one.status,
          one.language,
          one.created_at,
          String(one.usage.steps),
        ]),
      ),
      ...(cursor === null ? [] : [`More: cursor ${toInlineCode(cursor)}`]),
    ].join('\n\n'),
});
