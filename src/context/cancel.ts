// The one place where an aborted signal becomes this folder's exception.

import { cancelledError } from '../core/errors';

/** @throws RlmError 'CANCELLED' */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) {
    throw cancelledError('Reading the context');
  }
}
