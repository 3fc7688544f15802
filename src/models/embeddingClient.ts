// Vectors from a server that speaks OpenAI's embeddings: OpenAI's own, Ollama, llama.cpp, vLLM and others.

import * as z from 'zod';
import { cancelledError, RlmError } from '../core/errors';
import type { Embedder } from '../core/search/embedder';
import { hideSecrets } from './hiddenSecrets';
import { apiKey, baseUrl, optional } from './modelSettings';

export interface EmbeddingSettings {
  /** Up to and without `/embeddings`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string | null;
}

const timeoutMs = 30_000;
const maxDimensions = 8_192;

const environment = z.object({
  RLM_EMBEDDINGS_URL: optional(baseUrl),
  RLM_EMBEDDINGS_MODEL: optional(z.string().max(200)),
  RLM_EMBEDDINGS_KEY: optional(apiKey),
});

const replySchema = z.object({
  data: z.array(
    z.object({
      index: z.int().min(0),
      embedding: z.array(z.number()).min(1).max(maxDimensions),
    }),
  ),
});

/** Null: none is set up. @throws RlmError 'INVALID_INPUT' that names the variable and never its value. */
export function parseEmbeddingSettings(
  env: Readonly<Record<string, string | undefined>>,
): EmbeddingSettings | null {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(String(issue?.path[0]), issue?.message ?? 'is wrong');
  }
  const { RLM_EMBEDDINGS_URL: url, RLM_EMBEDDINGS_MODEL: model } = parsed.data;
  if (url === null) {
    return null;
  }
  if (model === null) {
    throw wrong('RLM_EMBEDDINGS_MODEL', 'must name the model, as RLM_EMBEDDINGS_URL is set');
  }
  const key = parsed.data.RLM_EMBEDDINGS_KEY;
  if (key !== null && !keepsSecrets(new URL(url))) {
    throw wrong('RLM_EMBEDDINGS_URL', 'must be https, or on this machine, where a key is sent');
  }
  return { baseUrl: url, model, apiKey: key };
}

function keepsSecrets({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u.test(hostname);
}

function wrong(name: string, message: string): RlmError {
  return new RlmError('INVALID_INPUT', `The environment variable ${name} is wrong.`, {
    nextStep: `${name} ${message}; correct or unset it, then start again.`,
  });
}

export class EmbeddingClient implements Embedder {
  readonly #settings: EmbeddingSettings;
  readonly model: string;

  constructor(settings: EmbeddingSettings) {
    this.#settings = settings;
    this.model = settings.model;
  }

  async embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly number[])[]> {
    const { baseUrl: base, model, apiKey: key } = this.#settings;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(`${base.endsWith('/') ? base.slice(0, -1) : base}/embeddings`, {
        method: 'POST',
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          ...(key !== null && { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ model, input: texts }),
        signal: limit,
      });
      const body = await response.text();
      if (!response.ok) {
        const said = hideSecrets(body, { apiKey: key, prompts: texts });
        throw unavailable(`it answered ${response.status}: ${said}`);
      }
      return toVectors(replySchema.parse(JSON.parse(body)), texts.length);
    } catch (thrown) {
      if (signal.aborted) {
        throw cancelledError('Embedding');
      }
      if (thrown instanceof RlmError) {
        throw thrown;
      }
      const isTimeout = limit.aborted;
      throw unavailable(
        isTimeout ? 'it took too long' : 'it cannot be reached, or not understood',
        thrown,
      );
    }
  }
}

/** In the order of the texts. */
function toVectors(
  { data }: z.output<typeof replySchema>,
  count: number,
): readonly (readonly number[])[] {
  const byIndex = new Map(data.map(({ index, embedding }) => [index, embedding]));
  const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index) ?? []);
  const [first] = vectors;
  if (
    first === undefined ||
    vectors.some(({ length }) => length === 0 || length !== first.length)
  ) {
    throw unavailable('it did not answer with one vector for each text, all of one length');
  }
  return vectors;
}

function unavailable(why: string, cause?: unknown): RlmError {
  return new RlmError('MODEL_UNAVAILABLE', `The server of embeddings failed: ${why}.`, {
    cause,
    nextStep: 'Check RLM_EMBEDDINGS_URL and RLM_EMBEDDINGS_MODEL, and that the server runs.',
  });
}
