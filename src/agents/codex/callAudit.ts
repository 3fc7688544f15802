// The calls that the model made, matched with the items that tell of them. A call that was refused, or failed before it
// began, has no item: then its raw record is all there is. Source: measured with 0.171, where the id of an item is the
// id of its call, and an item begins before the call's output is recorded.

import * as z from 'zod';
import type { HappeningBody } from '../../core/agent/agentDriver';
import { cutEnd, cutJson, maxPayloadChars } from './cut';

const callSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('function_call'),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().nullish(),
    arguments: z.string(),
  }),
  z.looseObject({
    type: z.literal('custom_tool_call'),
    call_id: z.string(),
    name: z.string(),
    input: z.string(),
  }),
  z.looseObject({
    type: z.literal('local_shell_call'),
    call_id: z.string(),
    action: z.unknown(),
  }),
]);
const outputSchema = z.looseObject({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: z.string(),
  output: z.unknown(),
});
/** What items tell completely. */
const toldSchema = z.looseObject({
  type: z.enum(['reasoning', 'web_search_call']),
});
const messageSchema = z.looseObject({
  type: z.literal('message'),
  role: z.string(),
  content: z.array(z.looseObject({ text: z.string().optional() })),
});

interface Call {
  readonly tool: string;
  readonly arguments: string;
}

export class CallAudit {
  readonly #calls = new Map<string, Call>();
  /** Outputs whose calls have not been told. */
  readonly #outputs = new Map<string, string>();
  readonly #listed = new Set<string>();
  readonly #done = new Set<string>();
  readonly #said = new Set<string>();

  /** An item with this id has begun or ended. */
  list(itemId: string): void {
    this.#listed.add(itemId);
  }

  /** The raw record of it is told by `said`. */
  say(text: string): void {
    this.#said.add(text);
  }

  /** A raw item of the model's conversation; twice the same changes nothing. */
  take(item: unknown): readonly HappeningBody[] {
    const call = callSchema.safeParse(item).data;
    if (call) {
      return this.#takeCall(call.call_id, toCall(call));
    }
    const output = outputSchema.safeParse(item).data;
    if (output) {
      return this.#takeOutput(output.call_id, toText(output.output));
    }
    return toldSchema.safeParse(item).success || this.#isTold(item) ? [] : [toRaw(item)];
  }

  /** The turn is over: what has no output gets none. */
  settle(): readonly HappeningBody[] {
    const open = [...this.#calls].flatMap(([callId, call]) => this.#finish(callId, call, null));
    const alone = [...this.#outputs].flatMap(([callId, output]) =>
      this.#finish(callId, { tool: 'unknown', arguments: '' }, output),
    );
    return [...open, ...alone];
  }

  #takeCall(callId: string, call: Call): readonly HappeningBody[] {
    if (this.#done.has(callId)) {
      return [];
    }
    const output = this.#outputs.get(callId);
    if (output !== undefined) {
      return this.#finish(callId, call, output);
    }
    this.#calls.set(callId, call);
    return [];
  }

  #takeOutput(callId: string, output: string): readonly HappeningBody[] {
    const call = this.#calls.get(callId);
    if (call) {
      return this.#finish(callId, call, output);
    }
    if (!this.#done.has(callId)) {
      this.#outputs.set(callId, output);
    }
    return [];
  }

  #finish(callId: string, call: Call, output: string | null): readonly HappeningBody[] {
    this.#calls.delete(callId);
    this.#outputs.delete(callId);
    this.#done.add(callId);
    if (this.#listed.has(callId)) {
      return [];
    }
    const given = cutEnd(call.arguments, maxPayloadChars);
    const told = output === null ? null : cutEnd(output, maxPayloadChars);
    return [
      {
        kind: 'unlistedCall',
        callId,
        tool: call.tool,
        arguments: given.text,
        output: told?.text ?? null,
        ran: output === null ? null : findRan(call, output),
        droppedChars: given.droppedChars + (told?.droppedChars ?? 0),
      },
    ];
  }

  #isTold(item: unknown): boolean {
    const message = messageSchema.safeParse(item).data;
    return (
      message !== undefined &&
      (message.role === 'assistant' ||
        (message.role === 'user' &&
          this.#said.has(message.content.map(({ text }) => text ?? '').join(''))))
    );
  }
}

function toCall(call: z.infer<typeof callSchema>): Call {
  switch (call.type) {
    case 'function_call':
      return {
        tool: call.namespace ? `${call.namespace}.${call.name}` : call.name,
        arguments: call.arguments,
      };
    case 'custom_tool_call':
      return { tool: call.name, arguments: call.input };
    case 'local_shell_call':
      return { tool: 'local_shell', arguments: JSON.stringify(call.action) };
  }
}

const commandSchema = z.looseObject({ cmd: z.string() });
const exitLine = /^(?:Chunk ID: .*\n)?Wall time: .*\nProcess exited with code (-?\d+)\n/u;

/** Codex lists no item of a command that its sandbox has kept from something. Source: measured with 0.171. */
function findRan(call: Call, output: string): { command: string; exitCode: number } | null {
  const exitCode = exitLine.exec(output)?.[1];
  if (call.tool !== 'exec_command' || exitCode === undefined) {
    return null;
  }
  const given = commandSchema.safeParse(parseJson(call.arguments)).data;
  return given ? { command: given.cmd, exitCode: Number(exitCode) } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toText(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output);
}

function toRaw(item: unknown): HappeningBody {
  const { text, droppedChars } = cutJson(item);
  return { kind: 'raw', method: 'rawResponseItem/completed', payload: text, droppedChars };
}
