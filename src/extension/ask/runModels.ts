// Which models a run is given that a person starts, where no client calls that could answer itself.

import type { ModelSettings } from '../../models/modelSettings';

export interface RunModels {
  /** `provider/model`; null: the default. */
  readonly model: string | null;
  readonly subModel: string | null;
}

const clientWays: readonly (string | null)[] = ['sampling', 'caller'];

/**
 * `fallback`: who is asked where nothing is configured that can answer here. Null where there is no
 * such model either: the run would have to find one by itself.
 */
export function toRunModels(
  { model, subtaskModel }: Pick<ModelSettings, 'model' | 'subtaskModel'>,
  fallback: string | null,
): RunModels {
  const own = clientWays.includes(model) ? null : model;
  const ownSub = clientWays.includes(subtaskModel) ? null : subtaskModel;
  const chosen = own ?? fallback;
  return { model: chosen, subModel: ownSub ?? chosen };
}
