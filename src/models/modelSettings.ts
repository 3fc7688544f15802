// What the user configured of models, and how an environment says it. Keys are read here and given to
// providers alone.

import * as z from 'zod';
import { RlmError } from '../core/errors';

export interface ModelSettings {
  /** Where the user sets models up, which is what errors name. */
  readonly setUpIn: 'environment' | 'editor';
  /** `provider/model` for whatever asks without naming one; null: none. */
  readonly model: string | null;
  /** The same for what a session's code asks; null: `model`. */
  readonly subtaskModel: string | null;
  /** Iterations of a run whose caller says none; null: the loop's own default. */
  readonly maxIterations: number | null;
  readonly openAi: OpenAiSettings;
  readonly anthropic: ServerSettings;
}

export interface ServerSettings {
  readonly apiKey: string | null;
  /** Null: the provider's own server. */
  readonly baseUrl: string | null;
}

export interface OpenAiSettings extends ServerSettings {
  /** `auto`: Responses on OpenAI's own server, chat completions on any other. */
  readonly api: 'responses' | 'chat' | 'auto';
}

/** Fresh at each call: keys and models may change while an engine runs. */
export type ReadModelSettings = () => Promise<ModelSettings>;

/** Source: the range of `rlm_execute` max_iterations. */
const maxIterationsRange = { min: 1, max: 100 } as const;

/** A blank text is none. */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null),
    schema.nullable(),
  );
export const modelName = z
  .string()
  .regex(
    /^(?:[^\s/]+\/\S(?:.*\S)?|sampling|caller)$/u,
    'must be provider/model, e.g. openai/gpt-5-mini',
  );
export const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/u, 'must be a key of printable ASCII characters without spaces');
export const baseUrl = z
  .string()
  .refine(isServerUrl, 'must be an http or https URL without a user name or password');
const iterations = z
  .string()
  .regex(/^\d+$/u, 'must be a whole number')
  .transform(Number)
  .refine(
    (value) => value >= maxIterationsRange.min && value <= maxIterationsRange.max,
    `must be from ${maxIterationsRange.min} to ${maxIterationsRange.max}`,
  );

const environment = z.object({
  RLM_MODEL: optional(modelName),
  RLM_SUBTASK_MODEL: optional(modelName),
  RLM_MAX_ITERATIONS: optional(iterations),
  OPENAI_API_KEY: optional(apiKey),
  OPENAI_BASE_URL: optional(baseUrl),
  ANTHROPIC_API_KEY: optional(apiKey),
  ANTHROPIC_BASE_URL: optional(baseUrl),
});

/** @throws RlmError 'INVALID_INPUT' that names the variable and never its value. */
export function parseModelSettings(
  env: Readonly<Record<string, string | undefined>>,
): ModelSettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0]);
    throw new RlmError('INVALID_INPUT', `The environment variable ${name} is wrong.`, {
      nextStep: `${name} ${issue?.message}; correct or unset it, then start again.`,
    });
  }
  const given = parsed.data;
  return {
    setUpIn: 'environment',
    model: given.RLM_MODEL,
    subtaskModel: given.RLM_SUBTASK_MODEL,
    maxIterations: given.RLM_MAX_ITERATIONS,
    openAi: { apiKey: given.OPENAI_API_KEY, baseUrl: given.OPENAI_BASE_URL, api: 'auto' },
    anthropic: { apiKey: given.ANTHROPIC_API_KEY, baseUrl: given.ANTHROPIC_BASE_URL },
  };
}

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const { protocol, username, password } = new URL(text);
  return /^https?:$/u.test(protocol) && username === '' && password === '';
}
