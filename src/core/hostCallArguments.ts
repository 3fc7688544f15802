// What the code gave to a sub-model call, checked before the call takes a number.

import type { GivenContext } from './context';
import { RlmError } from './errors';

const maxBatch = 1_000;
const maxModelNameChars = 500;
const maxChildContextChars = 8_000_000;

/** @throws RlmError 'INVALID_INPUT' */
export function toPrompt(value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new RlmError('INVALID_INPUT', 'A prompt must be a non-empty string.', {
      nextStep: 'Call llm_query(prompt) with the text to ask.',
    });
  }
  return value;
}

/** @throws RlmError 'INVALID_INPUT' */
export function toPrompts(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxBatch) {
    const got = Array.isArray(value) ? `, not of ${value.length.toLocaleString('en')}` : '';
    throw new RlmError(
      'INVALID_INPUT',
      `Prompts must be a list of at most ${maxBatch.toLocaleString('en')} strings${got}.`,
      { nextStep: 'Call llm_query_batched([prompt, …]); split longer lists.' },
    );
  }
  return value.map(toPrompt);
}

/** One context for each prompt, empty where none were given. @throws RlmError 'INVALID_INPUT' */
export function toContexts(value: unknown, count: number): readonly unknown[] {
  if (value === null || value === undefined) {
    return Array.from({ length: count }, () => '');
  }
  if (!Array.isArray(value) || value.length !== count) {
    throw new RlmError('INVALID_INPUT', `Give ${count} contexts, one for each prompt.`, {
      nextStep: 'Call rlm_query_batched(prompts, contexts) with two lists of the same length.',
    });
  }
  return value;
}

/** Null where none is named. @throws RlmError 'INVALID_INPUT' */
export function toModelName(value: unknown): string | null {
  if (typeof value === 'string' && value.length > maxModelNameChars) {
    throw new RlmError(
      'INVALID_INPUT',
      `The name of a model has at most ${maxModelNameChars} characters, not ${value.length.toLocaleString('en')}.`,
      { nextStep: 'Name a model as provider/model, or leave it out.' },
    );
  }
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A mapping of names to texts stays one; a string is the text itself, and anything else becomes JSON. */
export function toChildContext(value: unknown): GivenContext {
  const isMapping = isTextMapping(value);
  const text = typeof value === 'string' ? value : toText(value, isMapping);
  if (text.length > maxChildContextChars) {
    throw new RlmError(
      'INVALID_INPUT',
      `A child’s context takes at most ${maxChildContextChars.toLocaleString('en')} characters, not ${text.length.toLocaleString('en')}.`,
      { nextStep: 'Give each child a part: chunk the context, or grep what it needs.' },
    );
  }
  return { text, textForm: isMapping ? 'mapping' : 'text', paths: [] };
}

function toText(value: unknown, isMapping: boolean): string {
  if (value === null || value === undefined) {
    return '';
  }
  return isMapping ? JSON.stringify(value) : JSON.stringify(value, null, 1);
}

function isTextMapping(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}
