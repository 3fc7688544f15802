// Models on the other side of a call: the client's own by MCP sampling, or the calling agent itself.

import { RlmError } from '../core/errors';
import type {
  AskClient,
  ModelAnswer,
  ModelClient,
  ModelProvider,
  ModelRequest,
  ProviderStatus,
} from '../core/model';

interface Way {
  readonly name: string;
  readonly find: (client: ModelClient) => AskClient | null;
  readonly detail: string;
  readonly missing: string;
  readonly nextStep: string;
}

const sampling: Way = {
  name: 'sampling',
  find: (client) => client.sample,
  detail: 'the calling client’s own model, where it offers MCP sampling',
  missing: 'The client of this call offers no sampling.',
  nextStep: 'Call from a client that offers MCP sampling, or name another model (see rlm_status).',
};
const caller: Way = {
  name: 'caller',
  find: (client) => client.ask,
  detail: 'the calling agent itself, by rlm_answer',
  missing: 'No agent that could answer waits for this call.',
  nextStep: 'Ask in a call of an MCP client’s agent, or name another model (see rlm_status).',
};

class ClientProvider implements ModelProvider {
  readonly name: string;
  readonly #way: Way;

  constructor(way: Way) {
    this.name = way.name;
    this.#way = way;
  }

  isReady(client: ModelClient | null): Promise<boolean> {
    return Promise.resolve(client !== null && this.#way.find(client) !== null);
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const ask = request.client && this.#way.find(request.client);
    if (!ask) {
      throw new RlmError('MODEL_UNAVAILABLE', this.#way.missing, { nextStep: this.#way.nextStep });
    }
    const answer = await ask(request, signal);
    const prefix = `${this.name}/`;
    return answer.model.startsWith(prefix)
      ? answer
      : { ...answer, model: `${prefix}${answer.model}` };
  }

  readStatus(): Promise<ProviderStatus> {
    const { name: provider, detail } = this.#way;
    return Promise.resolve({ provider, state: 'by_client', detail, models: [] });
  }
}

export function createClientProviders(): readonly ModelProvider[] {
  return [new ClientProvider(sampling), new ClientProvider(caller)];
}
