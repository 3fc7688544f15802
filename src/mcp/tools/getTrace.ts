// rlm_get_trace: pages through what happened in a session.

import * as z from 'zod';
import { toFence, toInlineCode, toTable } from '../../base/markdown';
import { RlmError } from '../../core/errors';
import { traceActions } from '../../core/traceActions';
import { withoutEmpty } from '../brief';
import { maxResultChars } from '../fit';
import { countField, cursorField, isoTimeField, sessionIdField, usageSchema } from '../fields';
import { createInvalidInput } from '../invalidInput';
import { Shown, defineTool } from '../tool';
import { toUnreadableLine, toUnreadableView, unreadableFields } from '../unreadableView';
import { readTracePage } from '../tracePage';
import type { TraceDetail } from '../traceView';

/** What one event's `detail` may take: more on a page of one event. */
const manyDetailChars = 8_000;
const defaultLimit = 100;
/** Of a page whose length its caller left to us. */
const pageChars = 20_000;
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
    .optional()
    .describe(
      'Entries a page. Left out: 100, within 20,000 characters; given: within 100,000. 1: the entry in full.',
    ),
  detail: z
    .enum(['summary', 'full'])
    .optional()
    .describe(
      'summary (default): the beginnings of code, output and answers. full: up to 8,000 characters an entry.',
    ),
  text_offset: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'With limit 1: where the texts in detail begin. To read on in one that is cut, give the same cursor and ' +
        'the “shown” of detail.cut.',
    ),
});

const output = z.object({
  events: z.array(
    z.object({
      ts: isoTimeField,
      step_index: countField,
      action: z.enum(traceActions).describe('What happened; run_repl is a step, code and outcome.'),
      result_status: z.enum(['ok', 'error', 'stopped', 'running']),
      summary: z.string().describe('One line for people.'),
      request_id: z
        .string()
        .optional()
        .describe('Of the request that led to it, as in the server’s log.'),
      user: z.string().optional().describe('Whose session it is, on a server with users.'),
      guardrail_snapshot: usageSchema.optional().describe('Usage after this event.'),
      detail: z.record(z.string(), z.unknown()).describe('Code, output, changes: by action.'),
    }),
  ),
  ...unreadableFields,
  next_cursor: z.string().nullable().describe('For the next page; null at the end.'),
});

type Payload = z.output<typeof output>;

export const getTrace = defineTool({
  name: 'rlm_get_trace',
  set: 'traces',
  alias: 'get_trace',
  title: 'Read the trace of a session',
  description:
    'Shows what happened in a session, in order: one entry a step with its code and outcome, and one for ' +
    'each context, sub-model call, guardrail and the answer. Use it to review a run, to cite how an ' +
    'answer was found, or to take up a session after a break; finished ones too. Costs no step and no ' +
    'budget. Narrow it with from_step and to_step; page with cursor until next_cursor is null. Texts are ' +
    'cut: detail full shows more, limit 1 with an entry’s cursor all of it, and text_offset reads on. ' +
    'Next: rlm_run_repl when the session is active, else tell the user what you found.',
  input,
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ engine }, args) {
    checkTextOffset(args);
    checkSteps(args);
    const page = await readTracePage(engine, {
      sessionId: args.session_id,
      fromStep: args.from_step ?? null,
      toStep: args.to_step ?? null,
      cursor: args.cursor ?? null,
      limit: args.limit ?? defaultLimit,
      maxChars: args.limit === undefined ? pageChars : maxResultChars,
      detail: toDetail(args),
    });
    const first = { ...toUnreadableView(page.unreadable) };
    const whole = { ...first, next_cursor: page.nextCursor, events: [...page.entries] };
    const brief = page.entries.map(
      ({ guardrail_snapshot: usage, request_id: request, user, detail, ...entry }) => ({
        ...entry,
        detail: withoutEmpty(detail),
        ...(args.detail === 'full' && request !== undefined && { request_id: request }),
        ...(args.detail === 'full' && user !== undefined && { user }),
        ...(usage.remaining && { guardrail_snapshot: usage }),
      }),
    );
    return new Shown<Payload>(whole, { ...first, next_cursor: page.nextCursor, events: brief });
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

/** One entry alone is asked for to be read whole. */
function toDetail({ detail, limit, text_offset: textOffset }: z.output<typeof input>): TraceDetail {
  const kind = detail ?? (limit === 1 ? 'full' : 'summary');
  const maxChars = limit === 1 ? singleDetailChars : manyDetailChars;
  return kind === 'full' ? { kind, maxChars, textOffset } : { kind };
}

/** @throws RlmError 'INVALID_INPUT' where it is not clear which event's texts are meant. */
function checkSteps({ from_step: from = 0, to_step: to = from }: z.infer<typeof input>): void {
  if (from > to) {
    throw createInvalidInput(`from_step ${from} is after to_step ${to}.`, 'Swap the two.');
  }
}

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

function toRow(event: Payload['events'][number]): string[] {
  return [event.ts, String(event.step_index), event.action, event.result_status, event.summary];
}

function toCodeSection(event: Payload['events'][number]): string[] {
  const texts = ['code', 'stdout', 'stderr', 'result', 'final_answer'].flatMap((name) => {
    const text = event.detail[name];
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  return texts.flatMap(([name, text]) => [`**Step ${event.step_index}, ${name}**`, toFence(text)]);
}
