// What a call of a model has used, read from its answer as it passes: a stream of events, or one JSON document.

import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import type { Price } from './upstream';

export interface CallUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

const count = z.number().min(0);
const usageSchema = z.object({
  input_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count.optional() }).nullish(),
  output_tokens: count,
});
const answerSchema = z.object({ usage: usageSchema });
const eventSchema = z.object({ response: answerSchema });

/** A line of a stream is kept up to its end. */
const maxLineChars = 64_000_000;

export class UsageReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #isStream: boolean;
  #line = '';
  #usage: CallUsage | null = null;
  bytes = 0;

  constructor(contentType: string) {
    this.#isStream = contentType.startsWith('text/event-stream');
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    if (this.#line.length > maxLineChars) {
      return;
    }
    this.#line += this.#decoder.write(Buffer.from(chunk));
    if (this.#isStream) {
      const lines = this.#line.split('\n');
      this.#line = lines.pop() ?? '';
      lines.forEach((line) => this.#readLine(line));
    }
  }

  /** Null: it does not say. */
  end(): CallUsage | null {
    if (this.#isStream) {
      this.#readLine(this.#line);
    } else {
      this.#take(answerSchema.safeParse(parseJson(this.#line)).data?.usage);
    }
    return this.#usage;
  }

  #readLine(line: string): void {
    if (line.startsWith('data:') && line.includes('"usage"')) {
      this.#take(eventSchema.safeParse(parseJson(line.slice(5))).data?.response.usage);
    }
  }

  #take(usage: z.output<typeof usageSchema> | undefined): void {
    if (usage) {
      const { input_tokens: input, input_tokens_details: details, output_tokens: output } = usage;
      this.#usage = { input, cachedInput: details?.cached_tokens ?? 0, output };
    }
  }
}

export function toDollars({ input, cachedInput, output }: CallUsage, price: Price): number {
  const fresh = Math.max(0, input - cachedInput);
  return (fresh * price.input + cachedInput * price.cachedInput + output * price.output) / 1e6;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
