// Which provider answers: the one named, else the configured default, else the first that is ready.

import { toWellFormedJson } from '../base/wellFormed';
import { RlmError, cancelledError } from '../core/errors';
import type {
  Model,
  ModelAnswer,
  ModelProvider,
  ModelRequest,
  ProviderStatus,
} from '../core/model';
import type { ModelSettings, ReadModelSettings } from './modelSettings';

interface ModelRouterParts {
  readonly providers: readonly ModelProvider[];
  readonly readSettings: ReadModelSettings;
}

/** Who is asked when nobody has been configured, in this order: each costs its user no setup. */
const defaultOrder = ['vscode', 'sampling', 'caller'];

export class ModelRouter implements Model {
  readonly #parts: ModelRouterParts;

  constructor(parts: ModelRouterParts) {
    this.#parts = parts;
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const { provider, model } = await this.#choose(request);
    if (signal.aborted) {
      throw cancelledError('The model call');
    }
    request.onProvider?.(provider.name);
    // Every provider's server reads well-formed Unicode alone.
    const messages = toWellFormedJson(request.messages).value;
    return provider.answer({ ...request, messages, model }, signal);
  }

  readStatus(): Promise<readonly ProviderStatus[]> {
    return Promise.all(this.#parts.providers.map((provider) => provider.readStatus()));
  }

  /** A default that does not answer is an error, not the next one's turn: the user chose who reads the prompts. */
  async #choose(request: ModelRequest): Promise<Choice> {
    if (request.model !== null) {
      return this.#find(request.model);
    }
    const settings = await this.#parts.readSettings();
    const configured =
      request.purpose === 'sub_call' ? (settings.subtaskModel ?? settings.model) : settings.model;
    if (configured !== null) {
      return this.#find(configured);
    }
    for (const name of defaultOrder) {
      const provider = this.#parts.providers.find((one) => one.name === name);
      if (provider && (await provider.isReady(request.client))) {
        return { provider, model: null };
      }
    }
    throw noneSetUp(settings);
  }

  /** `provider/model`, of which the model may hold slashes too; `provider` alone: its own default. */
  #find(name: string): Choice {
    const slash = name.indexOf('/');
    const providerName = slash < 0 ? name : name.slice(0, slash);
    const provider = this.#parts.providers.find((one) => one.name === providerName);
    if (!provider) {
      const known = this.#parts.providers.map((one) => one.name).join(', ');
      throw new RlmError('INVALID_INPUT', `No provider answers to the model name ${quote(name)}.`, {
        nextStep: `Name a model as provider/model; the providers are ${known}.`,
      });
    }
    return { provider, model: slash < 0 ? null : name.slice(slash + 1) || null };
  }
}

interface Choice {
  readonly provider: ModelProvider;
  readonly model: string | null;
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}

function noneSetUp(settings: ModelSettings): RlmError {
  return new RlmError('MODEL_UNAVAILABLE', 'No model is set up to answer prompts.', {
    nextStep: `${adviseSetUp(settings)}; or call from a client that offers MCP sampling. Work with code alone until then (grep, search, chunk), or read the pieces with rlm_get_var.`,
  });
}

function adviseSetUp({ setUpIn, openAi, anthropic }: ModelSettings): string {
  if (setUpIn === 'editor') {
    return 'Choose one in the editor with the command “RLM: Choose Models…”, or name one in the call';
  }
  const half =
    (openAi.apiKey ?? openAi.baseUrl) !== null
      ? 'openai'
      : (anthropic.apiKey ?? anthropic.baseUrl) !== null
        ? 'anthropic'
        : null;
  return half === null
    ? 'Set RLM_MODEL=provider/model with OPENAI_API_KEY or ANTHROPIC_API_KEY, or with OPENAI_BASE_URL for a local server'
    : `${half} is set up: set RLM_MODEL=${half}/MODEL too, or name the model in the call`;
}
