// The model of an engine for which none is configured: says so, and what to do instead.

import { RlmError } from '../core/errors';
import type { Model } from '../core/model';

export const noModel: Model = {
  answer: () =>
    Promise.reject(
      new RlmError('MODEL_UNAVAILABLE', 'No sub-model is configured.', {
        nextStep:
          'Work with code alone (grep, search, chunk, your own functions), or read the pieces yourself with rlm_get_var.',
      }),
    ),
  readStatus: () => Promise.resolve([]),
};
