// What a person is told of a text that came in with doubt, and which encodings are offered for it.

import type { ContextInfo } from '../core/context';
import { knownEncodings } from '../core/encodings';
import { wordWarning } from '../core/nextSteps';

type Doubtful = Pick<ContextInfo, 'warnings' | 'likelyEncodings'>;

export interface EncodingItem {
  readonly encoding: string;
  /** It may well be this one. */
  readonly isLikely: boolean;
}

export interface EncodingUi {
  /** Shows the lines; true: the person wants to choose, which is offered only where it can help. */
  readonly warn: (lines: readonly string[], canChoose: boolean) => Promise<boolean>;
  /** Undefined when the person gave up. */
  readonly pick: (items: readonly EncodingItem[]) => Promise<string | undefined>;
}

const shownLines = 3;

/** The likely ones first, in their order; each once. */
export function listEncodings(likely: readonly string[]): readonly EncodingItem[] {
  return [
    ...likely.map((encoding) => ({ encoding, isLikely: true })),
    ...knownEncodings
      .filter((encoding) => !likely.includes(encoding))
      .map((encoding) => ({ encoding, isLikely: false })),
  ];
}

/**
 * Tells of all warnings, or of those of encodings only, and lets the person choose another encoding.
 * Undefined: the text stays as it is.
 */
export async function askEncoding(
  contexts: readonly Doubtful[],
  told: 'all' | 'encodings',
  ui: EncodingUi,
): Promise<string | undefined> {
  const warnings = contexts.flatMap((context) => context.warnings);
  const likely = [...new Set(contexts.flatMap(({ likelyEncodings = [] }) => likelyEncodings))];
  if (warnings.length === 0 || (told === 'encodings' && likely.length === 0)) {
    return undefined;
  }
  const lines = warnings.slice(0, shownLines).map((warning) => wordWarning(warning, 'editor'));
  const wantsChoice = await ui.warn(lines, likely.length > 0);
  return wantsChoice ? ui.pick(listEncodings(likely)) : undefined;
}
