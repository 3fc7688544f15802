// File-system failures as RlmError: which file, what the system said, what the user can do.

import { RlmError } from '../core/errors';

/** `action` completes the sentence "Could not …"; RlmErrors pass through unchanged. */
export function toStoreError(thrown: unknown, action: string): RlmError {
  if (thrown instanceof RlmError) {
    return thrown;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RlmError('INTERNAL_ERROR', `Could not ${action}: ${message}`, {
    cause: thrown,
    nextStep: toNextStep(toSystemCode(thrown)),
  });
}

/** The system's code of a failed call (`ENOENT`), or undefined for anything else. */
function toSystemCode(thrown: unknown): string | undefined {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown.code;
  }
  return undefined;
}

export function isMissing(thrown: unknown): boolean {
  return hasSystemCode(thrown, 'ENOENT', 'ENOTDIR');
}

export function hasSystemCode(thrown: unknown, ...codes: readonly string[]): boolean {
  const code = toSystemCode(thrown);
  return code !== undefined && codes.includes(code);
}

function toNextStep(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Free disk space, or set RLM_HOME to a folder on another disk, and try again.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'Make the folder writable for this user, or set RLM_HOME to one that is.';
    case undefined:
      return 'Try again; if it happens again, report it with the log.';
    default:
      return 'Check that the home folder exists and can be written, or set RLM_HOME to another.';
  }
}
