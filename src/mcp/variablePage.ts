// One page of a variable's text: never half a character, never more than a client may be sent, whatever the
// sandbox gave.

import { cutText } from '../base/text';
import { toWellFormedJsonText, toWellFormedText } from '../base/wellFormed';
import type { Language, VariableValue } from '../core/sandbox';
import type { ReadableSession } from '../core/sessionRegistry';
import { cutJsonText, maxResultChars } from './fit';

/** Room for the fields around the text. */
const reservedChars = 5_000;
const maxTypeChars = 200;

export interface VariablePage extends Pick<
  VariableValue,
  'type' | 'form' | 'text' | 'totalChars' | 'incomplete'
> {
  /** Where the next page begins, as the language counts; null at the end. */
  readonly nextOffset: number | null;
  /** The page is the whole text, and the text the whole value's. */
  readonly isWhole: boolean;
  /** Halves of surrogate pairs, raw or escaped in JSON, that became U+FFFD. */
  readonly replaced: number;
}

export interface VariableRequest {
  readonly name: string;
  readonly offset: number;
  readonly maxChars: number;
}

/** At least one character a page, so that who reads on comes to an end. */
export async function readVariablePage(
  session: ReadableSession['session'],
  request: VariableRequest,
  signal: AbortSignal,
): Promise<VariablePage> {
  const { name, offset, maxChars } = request;
  const { language } = session.seed;
  const asked = { name, offset, maxChars: maxChars + 1 }; // one more tells whether a pair ends there
  const given = await session.readVariable(asked, signal);
  const { form, totalChars, incomplete } = given;
  const type = cutText(given.type, maxTypeChars).text;
  const page = takeChars(given.text, maxChars, language);
  const text = cutJsonText(page, maxResultChars - reservedChars);
  const end = offset + countChars(text, language);
  const hasMore = end < totalChars && text !== '';
  const isWhole = offset === 0 && !hasMore && incomplete === null;
  const { value, replaced } = form === 'json' ? toWellFormedJsonText(text) : toWellFormedText(text);
  const nextOffset = hasMore ? end : null;
  return { type, form, text: value, totalChars, incomplete, nextOffset, isWhole, replaced };
}

/** The first `maxChars` characters; one unit fewer where a pair would be split, and one more for a pair alone. */
function takeChars(text: string, maxChars: number, language: Language): string {
  if (language === 'python') {
    return takeCodePoints(text, maxChars);
  }
  const splitsPair = text.length > maxChars && isHighSurrogate(text.charCodeAt(maxChars - 1));
  return text.slice(0, !splitsPair ? maxChars : maxChars === 1 ? 2 : maxChars - 1);
}

function takeCodePoints(text: string, maxChars: number): string {
  let end = 0;
  for (let count = 0; count < maxChars && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** As the language counts, since offsets do. Source: `ContextSizes.totalChars`. */
function countChars(text: string, language: Language): number {
  if (language === 'javascript') {
    return text.length;
  }
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
