// A server's own words, as an error may repeat them: short, and without keys and prompts in them, whole
// or in part.

import { toOneLine } from '../base/text';

export interface Secrets {
  readonly apiKey: string | null;
  readonly prompts: readonly string[];
}

const maxServerTextChars = 300;
/** Shorter texts are no secret, and replacing them would hide what an error says. */
const minSecretChars = 6;
/** A run of so many characters that stands in a prompt too is taken for part of it. */
const minPromptRunChars = 16;
/** Looking through more would hold up others: the server's words are left out then. */
const maxPromptChars = 2_000_000;

export function hideSecrets(text: string, { apiKey, prompts }: Secrets): string {
  const promptChars = prompts.reduce((sum, { length }) => sum + length, 0);
  if (promptChars > maxPromptChars) {
    return '(its words are left out, since they could repeat the prompt)';
  }
  // Longer than what is shown, so that a run which the end cuts is still known.
  const head = text
    .slice(0, maxServerTextChars + minPromptRunChars)
    .replace(/(?:(?<![\w-])[\w-]+)?(?:\*{3,}|\.{3,}|…)[\w-]*/gu, (word) =>
      isMasked(word, apiKey) ? '[key]' : word,
    )
    .replace(/\bsk-[\w*.-]{4,}/gu, '[key]')
    .replace(/\b(bearer)\s+\S+/giu, '$1 [key]');
  const hidden = replaceRuns(head, [
    ...prompts.flatMap((prompt) => findRuns(head, prompt, minPromptRunChars)),
    ...(apiKey === null ? [] : findRuns(head, apiKey, minSecretChars)),
  ]);
  const shown = toOneLine(hidden, maxServerTextChars);
  return text.length > maxServerTextChars + minPromptRunChars && !shown.endsWith('…')
    ? `${shown}…`
    : shown;
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Where `text` has `minChars` or more in a row of `secret`, or a shorter secret as a whole. One pass over
 * each, by a rolling hash (Rabin and Karp).
 */
function findRuns(text: string, secret: string, minChars: number): readonly Run[] {
  const size = Math.min(minChars, secret.length);
  if (size < minSecretChars || text.length < size) {
    return [];
  }
  const starts = new Map<number, number[]>();
  eachHash(text, size, (hash, start) => starts.set(hash, [...(starts.get(hash) ?? []), start]));
  const runs: Run[] = [];
  eachHash(secret, size, (hash, at) => {
    for (const start of starts.get(hash) ?? []) {
      if (secret.startsWith(text.slice(start, start + size), at)) {
        runs.push({ start, end: start + size });
        starts.delete(hash); // once is enough
      }
    }
  });
  return runs;
}

const factor = 31;

/** `size` must be at most the length of `text`. */
function eachHash(text: string, size: number, visit: (hash: number, start: number) => void): void {
  let highest = 1;
  for (let count = 1; count < size; count += 1) {
    highest = Math.imul(highest, factor);
  }
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (at >= size) {
      hash = (hash - Math.imul(text.charCodeAt(at - size), highest)) | 0;
    }
    hash = (Math.imul(hash, factor) + text.charCodeAt(at)) | 0;
    if (at >= size - 1) {
      visit(hash, at - size + 1);
    }
  }
}

function replaceRuns(text: string, runs: readonly Run[]): string {
  const sorted = [...runs].sort((left, right) => left.start - right.start);
  let shown = '';
  let at = 0;
  for (const { start, end } of sorted) {
    if (start > at || shown === '') {
      shown += `${text.slice(at, start)}[hidden]`;
    }
    at = Math.max(at, end);
  }
  return shown + text.slice(at);
}

/** `abc***xyz`, where the key begins with the one or ends with the other. */
function isMasked(word: string, apiKey: string | null): boolean {
  const [head = '', tail = ''] = word.split(/(?:\*{3,}|\.{3,}|…)/u);
  return (
    apiKey !== null &&
    ((head.length >= 2 && apiKey.startsWith(head)) || (tail.length >= 2 && apiKey.endsWith(tail)))
  );
}
