// rlm_get_var: reads a variable of a session, in pages.

import * as z from 'zod';
import type { Language, VariableValue } from '../../core/sandbox';
import { countField, sessionIdField } from '../fields';
import { cutJsonText, maxResultChars } from '../fit';
import { exceedsJsonDepth, hasExactIntegers } from '../jsonText';
import { toCodeBlock, toInlineCode } from '../markdownText';
import { requireFree } from '../taskCall';
import { defineTool } from '../tool';

/** Room for the fields around the value. */
const reservedChars = 5_000;

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
  offset: countField,
  next_offset: countField.nullable().describe('Where the next page begins, or null at the end.'),
  total_chars: countField.describe('Length of the whole text.'),
  truncated: z.boolean().describe('Whether there is more behind this page.'),
});

export const getVar = defineTool({
  name: 'rlm_get_var',
  alias: 'get_var',
  title: 'Read a variable',
  description:
    'Reads a variable of a session without running code: costs no step and no budget. Use it to page ' +
    'through a long string or to take a list or mapping as JSON. Also works on a session that a ' +
    'guardrail stopped, so nothing found is lost. Returns max_chars characters from offset; while ' +
    'truncated is true, call again with next_offset. Next: another step with rlm_run_repl, or ' +
    'rlm_finalize with final_var_name to answer with the whole variable.',
  input,
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  async run({ engine, signal }, args) {
    const session = await engine.sessions.findSession(args.session_id);
    if (session.summary.running) {
      requireFree(engine, session.id); // reading would wait for the step's end
    }
    const { var_name: name, offset, max_chars: maxChars } = args;
    const variable = await session.readVariable({ name, offset, maxChars }, signal);
    const text = cutJsonText(variable.text, maxResultChars - reservedChars);
    const end = offset + countChars(text, session.seed.language);
    const isWhole = offset === 0 && end >= variable.totalChars;
    return {
      name,
      type: variable.type,
      form: variable.form,
      value: isWhole ? toValue(variable, text) : text,
      offset,
      next_offset: end < variable.totalChars ? end : null,
      total_chars: variable.totalChars,
      truncated: end < variable.totalChars,
    };
  },
  toMarkdown: (payload) => {
    const text =
      typeof payload.value === 'string' ? payload.value : JSON.stringify(payload.value, null, 2);
    const shown = payload.truncated
      ? `from ${payload.offset} to ${payload.next_offset} of ${payload.total_chars.toLocaleString('en')} characters`
      : `${payload.total_chars.toLocaleString('en')} characters`;
    return [
      `## ${toInlineCode(payload.name)}: ${payload.type}, ${shown}`,
      toCodeBlock(text, payload.form === 'json' ? 'json' : ''),
      ...(payload.truncated ? [`Continue with offset ${payload.next_offset}.`] : []),
    ].join('\n\n');
  },
});

/** As the language counts, since offsets do. Source: `ContextSizes.totalChars`. */
function countChars(text: string, language: Language): number {
  if (language === 'javascript') {
    return text.length;
  }
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

function toValue(variable: VariableValue, text: string): z.output<typeof anyJson> {
  if (variable.form !== 'json' || exceedsJsonDepth(text) || !hasExactIntegers(text)) {
    return text;
  }
  try {
    return anyJson.parse(JSON.parse(text));
  } catch {
    return text;
  }
}
