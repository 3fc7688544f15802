// rlm_get_var: reads a variable of a session, in pages.

import * as z from 'zod';
import { toFence, toInline, toInlineCode } from '../../base/markdown';
import { withoutEmpty } from '../brief';
import { countField, sessionIdField } from '../fields';
import { maxResultChars } from '../fit';
import { hasExactIntegers, parseJson } from '../jsonText';
import { readCurrentPage } from '../currentPage';
import { replaySchema, toBriefReplay, toReplayText } from '../replayView';
import { Shown, defineTool } from '../tool';
import type { VariablePage } from '../variablePage';

const input = z.strictObject({
  session_id: sessionIdField,
  var_name: z.string().min(1).max(500).describe('Name of a variable of the REPL.'),
  offset: z
    .int()
    .min(0)
    .default(0)
    .describe('Where to begin in the variable’s text; next_offset of the page before.'),
  max_chars: z.int().min(1).max(maxResultChars).default(4_000).describe('Length of the page.'),
});

const anyJson = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);

const output = z.object({
  name: z.string(),
  type: z.string(),
  form: z
    .enum(['text', 'json', 'repr'])
    .describe('What the text of the variable is: the string itself, JSON, or a repr.'),
  value: anyJson.describe(
    'The JSON value when form is json and the whole of it is here (and every integer is exact); ' +
      'else this page of the text.',
  ),
  offset: countField.optional(),
  next_offset: countField
    .nullable()
    .optional()
    .describe('Where the next page begins, or null at the end.'),
  total_chars: countField.describe('Length of the whole text.'),
  truncated: z.boolean().optional().describe('Whether there is more behind this page.'),
  incomplete: z
    .string()
    .optional()
    .describe('Why the text is not all of the value: too long, too deep, out of time or memory.'),
  replaced_surrogates: countField.optional(),
  before_step: countField
    .optional()
    .describe(
      'Set while that step waits for your answers: the value is as it was before the step began.',
    ),
  replay: replaySchema
    .optional()
    .describe('Set when the session’s variables were gone and its record was run again first.'),
});

type Payload = z.output<typeof output>;

export const getVar = defineTool({
  name: 'rlm_get_var',
  alias: 'get_var',
  title: 'Read a variable',
  description:
    'Reads a variable without running code: no step, no budget. Use it to page through a long text or to ' +
    'take a list or mapping as JSON. Works on stopped and finalized sessions too: where the variables ' +
    'are gone, the record is run again first. While a step waits for your answers, the value is as ' +
    'before it. Returns max_chars characters from offset; while truncated is true, go on with ' +
    'next_offset. Next: rlm_run_repl, or rlm_finalize with final_var_name to answer with the whole ' +
    'variable.',
  input,
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(context, args) {
    const { session_id: sessionId, var_name: name, offset, max_chars: maxChars } = args;
    const { page, replay, beforeStep } = await readCurrentPage(context, sessionId, {
      name,
      offset,
      maxChars,
    });
    const whole: Payload = {
      name,
      type: page.type,
      form: page.form,
      offset,
      next_offset: page.nextOffset,
      total_chars: page.totalChars,
      truncated: page.nextOffset !== null,
      ...(replay && { replay }),
      ...(beforeStep !== null && { before_step: beforeStep }),
      ...(page.incomplete === null ? {} : { incomplete: page.incomplete }),
      ...(page.replaced === 0 ? {} : { replaced_surrogates: page.replaced }),
      value: toValue(page),
    };
    const { value, ...rest } = whole;
    const told = { ...rest, replay: toBriefReplay(replay ?? undefined) };
    const brief = { ...withoutEmpty(told, ['total_chars', 'truncated']), value };
    return new Shown<Payload>(whole, brief);
  },
  toMarkdown: (payload) => {
    const text =
      typeof payload.value === 'string' ? payload.value : JSON.stringify(payload.value, null, 2);
    const shown = payload.truncated
      ? `from ${payload.offset ?? 0} to ${payload.next_offset} of ${payload.total_chars.toLocaleString('en')} characters`
      : `${payload.total_chars.toLocaleString('en')} characters`;
    return [
      `## ${toInlineCode(payload.name)}: ${toInline(payload.type)}, ${shown}`,
      toFence(text, payload.form === 'json' ? 'json' : ''),
      ...(payload.truncated ? [`Continue with offset ${payload.next_offset}.`] : []),
      ...(payload.replay ? [toReplayText(payload.replay)] : []),
      ...(payload.before_step === undefined
        ? []
        : [`As it was before step ${payload.before_step}, which waits for your answers.`]),
      ...(payload.incomplete === undefined ? [] : [`Not whole: ${toInline(payload.incomplete)}.`]),
    ].join('\n\n');
  },
});

function toValue({ form, text, isWhole }: VariablePage): z.output<typeof anyJson> {
  // As text where numbers or names would not survive being made a value.
  if (form !== 'json' || !isWhole || !hasExactIntegers(text) || text.includes('"__proto__"')) {
    return text;
  }
  const parsed = anyJson.safeParse(parseJson(text));
  return parsed.success ? parsed.data : text;
}
