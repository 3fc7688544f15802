// The context that a tool's caller names: a text, paths, or both.

import type { GivenContext } from '../core/context';
import { createInvalidInput } from './invalidInput';

interface ContextArgs {
  readonly context_text?: string | undefined;
  readonly context_paths?: readonly string[] | undefined;
}

/** @throws RlmError 'INVALID_INPUT' when neither was given. */
export function toGivenContext({ context_text, context_paths }: ContextArgs): GivenContext {
  if (context_text === undefined && context_paths === undefined) {
    throw createInvalidInput(
      'Neither context_text nor context_paths was given.',
      'Give context_paths (files, folders, globs), context_text, or both.',
    );
  }
  return { text: context_text ?? null, paths: context_paths ?? [] };
}
