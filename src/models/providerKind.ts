// What tells one provider behind HTTP from another, and how its server is spoken of.

import type { HttpClient, HttpClients } from './httpClient';
import type { ModelSettings, ServerSettings } from './modelSettings';
import type { FailureSubject } from './serverFailure';

export interface ProviderKind {
  readonly name: string;
  readonly ownUrl: string;
  /** The environment variables that set it up. */
  readonly keyName: string;
  readonly urlName: string;
  readonly select: (settings: ModelSettings) => ServerSettings;
  readonly createClient: (clients: HttpClients, settings: ModelSettings) => HttpClient;
}

export const providerKinds: readonly ProviderKind[] = [
  {
    name: 'openai',
    ownUrl: 'https://api.openai.com/v1',
    keyName: 'OPENAI_API_KEY',
    urlName: 'OPENAI_BASE_URL',
    select: (settings) => settings.openAi,
    createClient: (clients, settings) => clients.createOpenAiClient(settings.openAi),
  },
  {
    name: 'anthropic',
    ownUrl: 'https://api.anthropic.com',
    keyName: 'ANTHROPIC_API_KEY',
    urlName: 'ANTHROPIC_BASE_URL',
    select: (settings) => settings.anthropic,
    createClient: (clients, settings) => clients.createAnthropicClient(settings.anthropic),
  },
];

/** A server of the user's own may need no key. */
export function isSetUp({ apiKey, baseUrl }: ServerSettings): boolean {
  return apiKey !== null || baseUrl !== null;
}

/** `secrets`: what else than the key no error may hold. */
export function toSubject(
  kind: ProviderKind,
  settings: ModelSettings,
  asked: { readonly model: string; readonly secrets: readonly string[] },
): FailureSubject {
  const { apiKey, baseUrl } = kind.select(settings);
  const { origin, pathname } = new URL(baseUrl ?? kind.ownUrl);
  return {
    provider: kind.name,
    url: `${origin}${pathname}`,
    model: asked.model,
    keyName: kind.keyName,
    urlName: kind.urlName,
    secrets: [...(apiKey === null ? [] : [apiKey]), ...asked.secrets],
  };
}
