// One task as the shortest sensible talk of an agent with the server, and what it costs the agent's model.

import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import * as z from 'zod';
import type { MadeTask } from './task';

/** `apart`: every step and the answer are calls of their own. `joined`: as few calls as the tools allow. */
export type Style = 'apart' | 'joined';

export interface Talk {
  readonly style: Style;
  /** What the session is asked to tell; undefined: nothing is asked. */
  readonly verbosity: string | undefined;
}

export interface Cost {
  readonly calls: number;
  /** What the model writes: the arguments of its calls, as JSON. */
  readonly charsOut: number;
  /** What the model reads of a client that shows it the text of replies. */
  readonly charsIn: number;
  /** What it reads of a client that shows it the structured results, and not the text. */
  readonly structuredIn: number;
}

interface Reply {
  readonly payload: Record<string, unknown>;
  readonly text: string;
}

const callTimeoutMs = 180_000;

const opened = z.object({ session_id: z.string(), step: z.unknown().optional() });
const step = z.object({
  error: z.object({ traceback: z.string() }).nullish(),
  final_answer: z.string().nullish(),
  result: z.string().nullish(),
  pending_prompts: z.array(z.object({ id: z.string(), prompt: z.string() })).nullish(),
});
type Step = z.infer<typeof step>;

export class Dialogue {
  readonly #client: Client;
  readonly #task: MadeTask;
  readonly #onReply: (name: string, text: string) => void;
  #calls = 0;
  #charsOut = 0;
  #charsIn = 0;
  #structuredIn = 0;
  #sessionId = '';

  constructor(client: Client, task: MadeTask, onReply: (name: string, text: string) => void) {
    this.#client = client;
    this.#task = task;
    this.#onReply = onReply;
  }

  get cost(): Cost {
    return {
      calls: this.#calls,
      charsOut: this.#charsOut,
      charsIn: this.#charsIn,
      structuredIn: this.#structuredIn,
    };
  }

  /** The answer that the session ended with. */
  run(path: string, { style, verbosity }: Talk): Promise<string> {
    const opening = { context_paths: [path], ...(verbosity && { verbosity }) };
    return style === 'apart' ? this.#runApart(opening) : this.#runJoined(opening);
  }

  async #runApart(opening: Readonly<Record<string, unknown>>): Promise<string> {
    const { looks, work, answer } = this.#task;
    this.#sessionId = opened.parse(await this.#call('rlm_init_context', opening)).session_id;
    for (const code of looks) {
      await this.#step({ code });
    }
    const { result } = await this.#step({ code: `${work}\n${answer}`.trim() });
    const text = z
      .string()
      .parse(result)
      .replace(/^'(.*)'$/su, '$1'); // the repr of a text
    const ended = await this.#call('rlm_finalize', {
      session_id: this.#sessionId,
      final_text: text,
    });
    return z.object({ final_answer: z.string() }).parse(ended).final_answer;
  }

  async #runJoined(opening: Readonly<Record<string, unknown>>): Promise<string> {
    const { looks, work, answer } = this.#task;
    const last = { code: `${work}\nFINAL(${answer})`.trim(), finalize: true };
    const [first, ...others] = [...looks.map((code) => ({ code })), last];
    const begun = opened.parse(await this.#call('rlm_init_context', { ...opening, ...first }));
    this.#sessionId = begun.session_id;
    let done = await this.#follow(step.parse(begun.step));
    for (const one of others) {
      done = await this.#step(one);
    }
    return z.string().parse(done.final_answer);
  }

  async #step(given: Record<string, unknown>): Promise<Step> {
    const args = { session_id: this.#sessionId, ...given };
    return this.#follow(step.parse(await this.#call('rlm_run_repl', args)));
  }

  /** Answers what the code asks, as far as it asks. */
  async #follow(begun: Step): Promise<Step> {
    let done = begun;
    while (done.pending_prompts && done.pending_prompts.length > 0) {
      const answers = done.pending_prompts.map(({ id, prompt }) => ({
        id,
        text: this.#task.reply?.(prompt) ?? '',
      }));
      done = step.parse(await this.#call('rlm_answer', { session_id: this.#sessionId, answers }));
    }
    if (done.error) {
      throw new Error(done.error.traceback);
    }
    return done;
  }

  async #call(name: string, args: Record<string, unknown>): Promise<Reply['payload']> {
    const raw = await this.#client.callTool({ name, arguments: args }, CallToolResultSchema, {
      timeout: callTimeoutMs,
    });
    const { content, structuredContent, isError } = CallToolResultSchema.parse(raw);
    const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    this.#calls += 1;
    this.#charsOut += JSON.stringify(args).length;
    this.#charsIn += text.length;
    this.#structuredIn += JSON.stringify(structuredContent ?? {}).length;
    this.#onReply(name, text);
    if (isError === true || !structuredContent) {
      throw new Error(`${name}: ${text}`);
    }
    return structuredContent;
  }
}
