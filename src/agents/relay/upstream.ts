// The server that answers agents' models, as the user has set it up, with its key filled in.

import { parse } from 'smol-toml';
import * as z from 'zod';
import { RlmError } from '../../core/errors';

export interface Upstream {
  /** For people. */
  readonly name: string;
  /** Without a slash at its end; what Codex asks for comes behind it: `/responses`. */
  readonly baseUrl: string;
  /** With the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** By model; US dollars for a million tokens. */
  readonly prices: Readonly<Record<string, Price>>;
  /** What must be seen nowhere. */
  readonly secrets: readonly string[];
}

export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

const dollars = z.number().min(0);
const templateSchema = z.strictObject({
  name: z.string().min(1).max(100),
  base_url: z.url({ protocol: /^https?$/u }),
  headers: z.record(z.string().regex(/^[\w-]+$/u), z.string()).default({}),
  query: z.record(z.string(), z.string()).default({}),
  prices: z
    .record(
      z.string(),
      z.strictObject({ input: dollars, cached_input: dollars.optional(), output: dollars }),
    )
    .default({}),
});

const hole = /\$\{(\w+)\}/gu;

/**
 * A template in TOML: `name`, `base_url`, tables `headers`, `query`, `prices`. `${NAME}` in a header or a query is filled
 * by `readSecret`. @throws RlmError 'INVALID_INPUT' with what is wrong, 'MODEL_UNAVAILABLE' with the secret that lacks.
 */
export async function parseUpstream(
  text: string,
  readSecret: (name: string) => Promise<string | null>,
): Promise<Upstream> {
  const template = readTemplate(text);
  const secrets: string[] = [];
  const fill = async (value: string): Promise<string> => {
    let filled = value;
    for (const [, name = ''] of value.matchAll(hole)) {
      const secret = await readSecret(name);
      if (secret === null || secret === '') {
        throw new RlmError(
          'MODEL_UNAVAILABLE',
          `The secret ${name} of ${template.name} is not set.`,
          {
            nextStep: `Set ${name} in the environment of the engine, or take it out of the template.`,
          },
        );
      }
      secrets.push(secret);
      filled = filled.replaceAll(`\${${name}}`, () => secret);
    }
    return filled;
  };
  const fillAll = async (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(given).map(async ([name, value]) => [name, await fill(value)] as const),
      ),
    );
  return {
    name: template.name,
    baseUrl: template.base_url.replace(/\/$/u, ''),
    headers: await fillAll(template.headers),
    query: await fillAll(template.query),
    prices: Object.fromEntries(
      Object.entries(template.prices).map(([model, { input, cached_input: cached, output }]) => [
        model,
        { input, cachedInput: cached ?? input, output },
      ]),
    ),
    secrets,
  };
}

function readTemplate(text: string): z.output<typeof templateSchema> {
  const nextStep = 'Mend the template: name, base_url, [headers], [query], [prices."MODEL"].';
  let given: unknown;
  try {
    given = parse(text);
  } catch (cause) {
    const [line = ''] = String(cause instanceof Error ? cause.message : cause).split('\n', 1); // the rest quotes the text
    throw new RlmError('INVALID_INPUT', `The template is not TOML: ${line}`, { nextStep });
  }
  const parsed = templateSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new RlmError('INVALID_INPUT', `The template is wrong at ${where}: ${issue?.message}`, {
      nextStep,
    });
  }
  const { base_url: url } = parsed.data;
  if (!/^(?:https:|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$))/u.test(url)) {
    throw new RlmError('INVALID_INPUT', `${url} would be asked without encryption, key and all.`, {
      nextStep: 'Give an https address, or one of this machine.',
    });
  }
  return parsed.data;
}

/** OpenAI's own server by a key. */
export function toOpenAi(key: string): Upstream {
  return {
    ...{ name: 'OpenAI', baseUrl: 'https://api.openai.com/v1', query: {}, prices: {} },
    headers: { Authorization: `Bearer ${key}` },
    secrets: [key],
  };
}
