// What the user has set about backends. The environment says it, and a host may say it before that.

import { RlmError } from './errors';
import { type KubernetesSettings, parseKubernetesSettings } from './kubernetesSettings';
import { parseNetworkPatterns } from './networkRules';
import { type BackendName, backendNames } from './sandbox';

/** Where Daytona is, and what opens it. */
export interface DaytonaAccess {
  readonly apiUrl: string;
  /** Null: none is set. */
  readonly apiKey: string | null;
  /** The region; null: the account's own. */
  readonly target: string | null;
}

export interface BackendSettings {
  /** Of sessions for which none is named. */
  readonly backend: BackendName;
  /** Where a new session goes whose backend cannot be had; null: nowhere, it is an error. */
  readonly fallback: 'wasm' | null;
  /** The program of backend local; null: the first that fits. */
  readonly python: string | null;
  /** What runs JavaScript there; null: the first that fits. */
  readonly node: string | null;
  /** The program of backend container; null: the first that answers. */
  readonly runtime: string | null;
  /** Of containers for which none is named. */
  readonly image: string;
  /** Where code in local, container and daytona may connect to: patterns of networkRules.ts; empty: nowhere. */
  readonly network: readonly string[];
  readonly daytonaApiUrl: string;
  readonly daytonaApiKey: string | null;
  readonly daytonaTarget: string | null;
  /** Of Daytona's sandboxes for which none is named; null: the account's own. */
  readonly daytonaSnapshot: string | null;
  /** Of pods for which none is named. */
  readonly kubernetesImage: string;
  /** Those that may be named for pods: a cluster fetches what it is told to, and tells so to whoever has it. */
  readonly kubernetesImages: readonly string[];
  readonly kubernetes: KubernetesSettings;
}

/** Those that are one text each. */
type SettingName = Exclude<keyof BackendSettings, 'kubernetes' | 'kubernetesImages'>;

/** A reader, since settings may change while an engine runs. */
export type ReadBackendSettings = () => Promise<BackendSettings>;

/** As given, unchecked; what is empty or left out is not set. */
export type GivenBackendSettings = Readonly<Partial<Record<SettingName, string | undefined>>>;

const usualImage = 'python:3.12-slim';
export const usualDaytonaUrl = 'https://app.daytona.io/api';

/** The names of each setting in the environment; the first that is set counts. */
const variables = {
  backend: ['RLM_BACKEND', 'RLM_SANDBOX_MODE'],
  fallback: ['RLM_SANDBOX_FALLBACK'],
  python: ['RLM_PYTHON'],
  node: ['RLM_NODE'],
  runtime: ['RLM_SANDBOX_CONTAINER_RUNTIME'],
  image: ['RLM_SANDBOX_CONTAINER_IMAGE'],
  network: ['RLM_SANDBOX_NETWORK'],
  daytonaApiUrl: ['DAYTONA_API_URL'],
  daytonaApiKey: ['DAYTONA_API_KEY'],
  daytonaTarget: ['DAYTONA_TARGET'],
  daytonaSnapshot: ['RLM_DAYTONA_SNAPSHOT'],
  kubernetesImage: ['RLM_KUBERNETES_IMAGE', 'RLM_SANDBOX_CONTAINER_IMAGE'],
} as const satisfies Record<SettingName, readonly string[]>;

/** Of the editor's settings, where it is another. */
const settingNames: Readonly<Partial<Record<keyof BackendSettings, string>>> = {
  network: 'sandbox.network',
};

/** `given` goes before the environment. @throws RlmError 'INVALID_INPUT' that says which is not understood. */
export function parseBackendSettings(
  environment: Readonly<Record<string, string | undefined>>,
  given: GivenBackendSettings = {},
): BackendSettings {
  const read = (setting: SettingName): { name: string; value: string } | null => {
    const sources = [
      { name: `the setting rlm.${settingNames[setting] ?? setting}`, value: given[setting] ?? '' },
      ...variables[setting].map((name) => ({ name, value: environment[name] ?? '' })),
    ];
    const found = sources.find(({ value }) => value.trim() !== '');
    return found ? { ...found, value: found.value.trim() } : null;
  };
  const kubernetesImage = read('kubernetesImage')?.value ?? usualImage;
  const further = (environment['RLM_KUBERNETES_IMAGES'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return {
    backend: choose(read('backend'), backendNames) ?? 'wasm',
    fallback: choose(read('fallback'), ['wasm']),
    python: read('python')?.value ?? null,
    node: read('node')?.value ?? null,
    runtime: read('runtime')?.value ?? null,
    image: read('image')?.value ?? usualImage,
    network: parseNetworkPatterns(read('network')?.value ?? ''),
    daytonaApiUrl: read('daytonaApiUrl')?.value ?? usualDaytonaUrl,
    daytonaApiKey: read('daytonaApiKey')?.value ?? null,
    daytonaTarget: read('daytonaTarget')?.value ?? null,
    daytonaSnapshot: read('daytonaSnapshot')?.value ?? null,
    kubernetesImage,
    kubernetesImages: [kubernetesImage, ...further],
    kubernetes: parseKubernetesSettings(environment),
  };
}

function choose<T extends string>(
  given: { readonly name: string; readonly value: string } | null,
  allowed: readonly T[],
): T | null {
  const found = given && allowed.find((one) => one === given.value);
  if (given !== null && !found) {
    throw new RlmError('INVALID_INPUT', `${given.name} is ${JSON.stringify(given.value)}.`, {
      nextStep: `Set it to ${allowed.join(', ')}, or leave it out.`,
    });
  }
  return found ?? null;
}
