// rlm_list_sessions: the sessions of this home, newest first.

import * as z from 'zod';
import { toInlineCode, toTable } from '../../base/markdown';
import { withoutEmpty } from '../brief';
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
import { Shown, defineTool } from '../tool';

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
      language: languageField.optional().describe('Not of agent runs.'),
      backend: backendField.optional(),
      profile_id: z.string().optional().describe('Of an agent run.'),
      waiting_for: countField.optional().describe('Approvals that an agent run waits for.'),
      created_at: isoTimeField,
      updated_at: isoTimeField.optional(),
      usage: usageSchema,
      parent_session_id: z.string().nullable().optional(),
      source_step: countField
        .nullable()
        .optional()
        .describe('Of a fork: after which step of its parent; null: no fork.'),
    }),
  ),
  next_cursor: z.string().nullable().describe('For the next page; null at the end.'),
});

type Payload = z.output<typeof output>;

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
    const whole = { next_cursor: page.nextCursor, sessions: [...page.items] };
    return new Shown<Payload>(whole, { ...whole, sessions: whole.sessions.map(toBrief) });
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
          one.language ?? `agent ${one.profile_id ?? ''}`,
          one.created_at,
          String(one.usage.steps),
        ]),
      ),
      ...(cursor === null ? [] : [`More: cursor ${toInlineCode(cursor)}`]),
    ].join('\n\n'),
});

/** What tells a session from others, and what it has used. */
function toBrief(session: Payload['sessions'][number]): Payload['sessions'][number] {
  const { usage } = session;
  return withoutEmpty({
    ...session,
    updated_at: undefined,
    usage: { ...usage, remaining: undefined },
  });
}
