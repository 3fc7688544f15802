// What the user configured of models: the settings under `rlm.models`, keys from the editor's secret
// storage, and where these say nothing, the environment.

import * as z from 'zod';
import { RlmError } from '../../core/errors';
import {
  type ModelSettings,
  type ServerSettings,
  apiKey,
  baseUrl,
  modelName,
  optional,
  parseModelSettings,
} from '../../models/modelSettings';
import { providerKinds } from '../../models/providerKind';

/** As the editor gives them: of any type. */
export interface GivenModelSettings {
  readonly loop: unknown;
  readonly subtask: unknown;
  readonly openaiBaseUrl: unknown;
  readonly openaiApi: unknown;
  readonly anthropicBaseUrl: unknown;
}

/** Keys by the address of the server they are for. */
export interface ServerKeys {
  read(url: string): Promise<string | undefined>;
}

export interface ConfigurationSources {
  readonly settings: GivenModelSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly keys: ServerKeys;
}

const settingsSchema = z.object({
  loop: optional(modelName),
  subtask: optional(modelName),
  openaiBaseUrl: optional(baseUrl),
  openaiApi: z.enum(['auto', 'responses', 'chat']).catch('auto'),
  anthropicBaseUrl: optional(baseUrl),
});

/** Whether a key can be sent at all: undefined when it can, else what it must be. */
export function checkKey(text: string): string | undefined {
  const parsed = apiKey.safeParse(text.trim());
  return parsed.success ? undefined : parsed.error.issues[0]?.message;
}

/** @throws RlmError 'INVALID_INPUT' that names the setting or variable, and no value. */
export async function readModelSettings(sources: ConfigurationSources): Promise<ModelSettings> {
  const own = parseSettings(sources.settings);
  const inherited = parseModelSettings(sources.env);
  const { keys } = sources;
  return {
    ...inherited,
    setUpIn: 'editor',
    model: own.loop ?? inherited.model,
    subtaskModel: own.subtask ?? inherited.subtaskModel,
    openAi: {
      ...(await readServer('openai', own.openaiBaseUrl, { inherited: inherited.openAi, keys })),
      api: own.openaiApi,
    },
    anthropic: await readServer('anthropic', own.anthropicBaseUrl, {
      inherited: inherited.anthropic,
      keys,
    }),
  };
}

/**
 * The server's address, and the key that was entered for that very address. A key of the environment
 * goes to the server of the environment alone.
 */
async function readServer(
  provider: string,
  url: string | null,
  { inherited, keys }: { readonly inherited: ServerSettings; readonly keys: ServerKeys },
): Promise<ServerSettings> {
  const chosen = url ?? inherited.baseUrl;
  const entered = await keys.read(toServerUrl(provider, chosen));
  const inheritedKey = chosen === inherited.baseUrl ? inherited.apiKey : null;
  return { baseUrl: chosen, apiKey: entered ?? inheritedKey };
}

/** `baseUrl` null: the provider's own. */
export function toServerUrl(provider: string, baseUrl: string | null): string {
  const own = providerKinds.find(({ name }) => name === provider)?.ownUrl ?? '';
  return new URL(baseUrl ?? own).href;
}

function parseSettings(given: GivenModelSettings): z.output<typeof settingsSchema> {
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = `rlm.models.${String(issue?.path[0])}`;
    throw new RlmError('INVALID_INPUT', `The setting ${name} is wrong.`, {
      nextStep: `${name} ${issue?.message}; correct or reset it.`,
    });
  }
  return parsed.data;
}
