// The context that a tool's caller names: a text, paths, or both.

import type { GivenContext } from '../core/context';
import { createInvalidInput } from './invalidInput';

interface ContextArgs {
  readonly context_text?: string | undefined;
  /** Another name for `context_text`, of tools that have it. */
  readonly context?: string | undefined;
  readonly context_paths?: readonly string[] | undefined;
  readonly encoding?: string | undefined;
  readonly include_ignored?: boolean | undefined;
}

/** Neither text nor paths: there is no context. @throws RlmError 'INVALID_INPUT' for both names. */
export function toGivenContext(args: ContextArgs): GivenContext {
  if (args.context_text !== undefined && args.context !== undefined) {
    throw createInvalidInput(
      'Both context_text and context were given; they are the same argument.',
      'Give the text once, as context_text.',
    );
  }
  return {
    text: args.context_text ?? args.context ?? null,
    paths: args.context_paths ?? [],
    encoding: args.encoding ?? null,
    includeIgnored: args.include_ignored ?? false,
  };
}

/** @throws RlmError 'INVALID_INPUT' also when neither was given. */
export function requireGivenContext(args: ContextArgs): GivenContext {
  if (args.context_text === undefined && args.context_paths === undefined) {
    throw createInvalidInput(
      'Neither context_text nor context_paths was given.',
      'Give context_paths (files, folders, globs), context_text, or both.',
    );
  }
  return toGivenContext(args);
}
