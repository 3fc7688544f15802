// The sandboxes of ours at Daytona, and whose they are: what an engine left behind can be found and deleted.

import { setTimeout as delay } from 'node:timers/promises';
import type { BackendSettings } from '../../../core/backendSettings';
import { type RlmError, toRlmError } from '../../../core/errors';
import { machineTag, readOwner } from '../owner';
import { DaytonaApi } from './daytonaApi';
import { daytonaLabels } from './daytonaLabels';

export interface ListedSandbox {
  readonly id: string;
  readonly state: string;
  /** As Daytona says it; null: it does not. */
  readonly createdAt: string | null;
  /** Null: of no session that is known. */
  readonly sessionId: string | null;
  /** `left`: its engine ran on this machine and is gone. `elsewhere`: of another machine, which may use it. */
  readonly use: 'in use' | 'left' | 'elsewhere';
}

type Access = Pick<BackendSettings, 'daytonaApiUrl' | 'daytonaApiKey' | 'daytonaTarget'>;

/** @throws RlmError 'BACKEND_UNAVAILABLE' */
export async function listDaytonaSandboxes(settings: Access): Promise<readonly ListedSandbox[]> {
  const found = await createApi(settings).listSandboxes(daytonaLabels.all);
  return found.map(({ id, state, createdAt, labels }) => ({
    id,
    state,
    createdAt: createdAt ?? null,
    sessionId: labels[daytonaLabels.session] || null,
    use: readUse(labels),
  }));
}

/** Why each of those was not deleted that could not be. @throws RlmError 'BACKEND_UNAVAILABLE' without a key. */
export async function deleteDaytonaSandboxes(
  settings: Access,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RlmError>> {
  const api = createApi(settings);
  const failed = new Map<string, RlmError>();
  for (const id of ids) {
    await api.deleteSandbox(id).catch((thrown: unknown) => failed.set(id, toRlmError(thrown)));
  }
  return failed;
}

/** Machines may have the same name: by that alone nobody's sandbox counts as left behind. */
function readUse(labels: Readonly<Record<string, string>>): ListedSandbox['use'] {
  const isThisMachine = (labels[daytonaLabels.machine] ?? '') === machineTag;
  return isThisMachine ? uses[readOwner(labels[daytonaLabels.owner] ?? '')] : 'elsewhere';
}

const uses = { alive: 'in use', gone: 'left', elsewhere: 'elsewhere' } as const;

function createApi({ daytonaApiUrl, daytonaApiKey, daytonaTarget }: Access): DaytonaApi {
  return new DaytonaApi(
    { apiUrl: daytonaApiUrl, apiKey: daytonaApiKey, target: daytonaTarget },
    delay,
  );
}
