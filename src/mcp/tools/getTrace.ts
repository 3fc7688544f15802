// rlm_get_trace: pages through what happened in a session.

import * as z from 'zod';
import { toFence, toInlineCode, toTable } from '../../base/markdown';
import { RlmError } from '../../core/errors';
import { countField, cursorField, isoTimeField, sessionIdField, usageSchema } from '../fields';
import { readFittingPage } from '../fitPage';
import { defineTool } from '../tool';
import { toUnreadableLine, toUnreadableView, unreadableFields } from '../unreadableView';
import { type TraceEventView, toTraceEventView } from '../traceView';

/** What one event's `detail` may take: more on a page of one event. */
const manyDetailChars = 8_000;
const singleDetailChars = 90_000;
const stepField = countField.optional();

const input = z.strictObject({
  session_id: sessionIdField.describe('Any session, live or not, also of other engines.'),
  from_step: stepField.describe('First step; 0 is what came before the first. Default: 0.'),
  to_step: stepField.describe('Last step, inclusive. Default: the newest.'),
  cursor: cursorField,
  limit: z
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .describe(
      'Events per page; fewer come when they are long. With 1, detail holds up to 90,000 characters ' +
        'instead of 8,000.',
    ),
  text_offset: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'With limit 1: where the texts in detail begin, in characters. To read on in a text that is cut, call ' +
        'again with the same cursor and the “shown” of its entry in detail.cut, until all that was recorded is shown.',
    ),
});

const output = z.object({
  events: z.array(
    z.object({
      ts: isoTimeField,
      step_index: countField,
      action: z.string().describe('What happened, such as step.finished.'),
      result_status: z.enum(['ok', 'error', 'stopped']),
      summary: z.string().describe('One line for people.'),
      request_id: z
        .string()
        .optional()
        .describe('Of the request that led to it, as in the server’s log.'),
      guardrail_snapshot: usageSchema.describe('Usage after this event, and what the limits left.'),
      detail: z.record(z.string(), z.unknown()).describe('Code, output, changes: by action.'),
    }),
  ),
  ...unreadableFields,
  next_cursor: z.string().nullable().describe('For the next page; null at the end.'),
});

export const getTrace = defineTool({
  name: 'rlm_get_trace',
  set: 'traces',
  alias: 'get_trace',
  title: 'Read the trace of a session',
  description:
    'Shows what happened in a session, in order: contexts, code and output of every step, sub-model calls, ' +
    'guardrails, the answer. Use it to review a run, cite how an answer was found, or take up a ' +
    'session after a break. Works for every session of this home, also finished ones. Costs no step and ' +
    'no budget. Narrow it with from_step and to_step, and page with cursor until next_cursor is null. ' +
    'Texts marked as cut are longer with limit 1, and text_offset reads on in them. Next: rlm_run_repl when the session is active, else tell ' +
    'the user what you found.',
  input,
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ engine }, args) {
    checkTextOffset(args);
    const { limits } = await engine.sessions.readSummary(args.session_id);
    const detailChars = args.limit === 1 ? singleDetailChars : manyDetailChars;
    const page = await readFittingPage(
      async (limit, cursor) => {
        const { events, nextCursor, unreadable } = await engine.traces.readEvents(args.session_id, {
          fromStep: args.from_step ?? null,
          toStep: args.to_step ?? null,
          cursor,
          limit,
        });
        const items = events.map((event) =>
          toTraceEventView(event, limits, detailChars, args.text_offset),
        );
        return { items, nextCursor, unreadable };
      },
      args.limit,
      args.cursor ?? null,
    );
    return {
      ...toUnreadableView(page.unreadable),
      next_cursor: page.nextCursor,
      events: [...page.items],
    };
  },
  toMarkdown: ({ events, next_cursor: cursor, ...rest }) =>
    [
      '## Trace',
      ...toUnreadableLine(rest),
      ...toTable(['time', 'step', 'action', 'status', 'summary'], events.map(toRow)),
      ...events.flatMap(toCodeSection),
      ...(cursor === null ? [] : [`More: cursor ${toInlineCode(cursor)}`]),
    ].join('\n\n'),
});

/** @throws RlmError 'INVALID_INPUT' where it is not clear which event's texts are meant. */
function checkTextOffset({ text_offset: offset, limit }: z.output<typeof input>): void {
  if (offset > 0 && limit !== 1) {
    throw new RlmError(
      'INVALID_INPUT',
      `text_offset ${offset} is only for limit 1, not ${limit}.`,
      {
        nextStep: 'Set limit to 1, with the cursor of the event whose texts are to be read on.',
      },
    );
  }
}

function toRow(event: TraceEventView): string[] {
  return [event.ts, String(event.step_index), event.action, event.result_status, event.summary];
}

function toCodeSection(event: TraceEventView): string[] {
  const texts = ['code', 'stdout', 'stderr'].flatMap((name) => {
    const text = event.detail[name];
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  return texts.flatMap(([name, text]) => [`**Step ${event.step_index}, ${name}**`, toFence(text)]);
}
