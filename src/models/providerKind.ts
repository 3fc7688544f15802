// What tells one provider behind HTTP from another, and how its server is spoken of.

import type { HttpClient, HttpClients } from './httpClient';
import type { ModelSettings, ServerSettings } from './modelSettings';
import type { FailureSubject } from './serverFailure';

export interface ProviderKind {
  readonly name: string;
  readonly ownUrl: string;
  /** What sets it up: environment variables, or what the editor has in their place. */
  readonly names: Readonly<Record<ModelSettings['setUpIn'], SetUpNames>>;
  readonly select: (settings: ModelSettings) => ServerSettings;
  readonly createClient: (clients: HttpClients, settings: ModelSettings) => HttpClient;
}

interface SetUpNames {
  readonly key: string;
  readonly url: string;
}

/** Source: the commands and settings of package.json. */
const editorKey = 'the key (command “RLM: Set API Key…”)';

export const providerKinds: readonly ProviderKind[] = [
  {
    name: 'openai',
    ownUrl: 'https://api.openai.com/v1',
    names: {
      environment: { key: 'OPENAI_API_KEY', url: 'OPENAI_BASE_URL' },
      editor: { key: editorKey, url: 'the setting rlm.models.openaiBaseUrl' },
    },
    select: (settings) => settings.openAi,
    createClient: (clients, settings) => clients.createOpenAiClient(settings.openAi),
  },
  {
    name: 'anthropic',
    ownUrl: 'https://api.anthropic.com',
    names: {
      environment: { key: 'ANTHROPIC_API_KEY', url: 'ANTHROPIC_BASE_URL' },
      editor: { key: editorKey, url: 'the setting rlm.models.anthropicBaseUrl' },
    },
    select: (settings) => settings.anthropic,
    createClient: (clients, settings) => clients.createAnthropicClient(settings.anthropic),
  },
];

/** A server of the user's own may need no key. */
export function isSetUp({ apiKey, baseUrl }: ServerSettings): boolean {
  return apiKey !== null || baseUrl !== null;
}

/** `prompts`: what else than the key no error may hold. */
export function toSubject(
  kind: ProviderKind,
  settings: ModelSettings,
  asked: { readonly model: string; readonly prompts: readonly string[] },
): FailureSubject {
  const { apiKey, baseUrl } = kind.select(settings);
  const { key, url } = kind.names[settings.setUpIn];
  const { origin, pathname } = new URL(baseUrl ?? kind.ownUrl);
  return {
    provider: kind.name,
    url: `${origin}${pathname}`,
    model: asked.model,
    keyName: key,
    urlName: url,
    secrets: { apiKey, prompts: asked.prompts },
  };
}
