// What a tool is: words for the model, schemas, and one function behind them.

import * as z from 'zod';
import type { CallerAgents } from '../core/agent/callerAgents';
import type { Engine } from '../core/engine';
import type { AskClient } from '../core/model';
import type { Language } from '../core/sandbox';
import { cutText } from '../base/text';
import { toWellFormedJson } from '../base/wellFormed';
import { responseFormatField } from './fields';
import { maxResultChars } from './fit';
import { toInvalidInput } from './invalidInput';
import { createInputJsonSchema, createOutputJsonSchema, type ObjectSchema } from './jsonSchema';
import { listPassed, toPlainArguments } from './plainArguments';
import type { AskPerson } from './eliciting';
import type { Progress } from './progress';
import type { Scratch } from './scratch';
import { sayReplaced, toReplacedText } from './replacedText';

export interface ToolContext {
  readonly engine: Engine;
  /** As this connection has them; null: there are none. */
  readonly agents: CallerAgents | null;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** The client's own model, by MCP sampling; null where it offers none. */
  readonly sample: AskClient | null;
  /** The person behind the client, by MCP elicitation; null where it cannot ask, or is an agent. */
  readonly askPerson: AskPerson | null;
  /** Languages whose REPL this connection's client has been told of in full. */
  readonly toldLanguages: Set<Language>;
  /** The session of sandbox tools that name none. */
  readonly scratch: Scratch;
}

/** A result whose text leaves out what its reader knows already; the structured result is whole. */
export class Shown<Payload> {
  readonly payload: Payload;
  /** What the text shows. */
  readonly brief: Payload;

  constructor(payload: Payload, brief: Payload) {
    this.payload = payload;
    this.brief = brief;
  }
}

export interface ToolHints {
  /** True only when nothing changes: editors then skip asking the user. */
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  /** False only when the call can never send anything off this machine: code that asks a model does. */
  readonly openWorldHint: boolean;
}

/** Tools that a user can leave out together; a tool without a set is always offered. */
export const toolSets = ['traces', 'branches', 'runs', 'sandbox', 'agents'] as const;
export type ToolSet = (typeof toolSets)[number];

interface ToolSpec<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** A name of older clients that still works and is not listed. */
  readonly alias?: string;
  readonly set?: ToolSet;
  readonly input: Input;
  readonly output: Output;
  readonly hints: ToolHints;
  run(
    context: ToolContext,
    args: z.output<Input>,
  ): Promise<z.output<Output> | Shown<z.output<Output>>>;
  /** Of what the text shows. */
  toMarkdown(payload: z.output<Output>): string;
}

export interface Tool {
  readonly name: string;
  readonly alias: string | null;
  readonly set: ToolSet | null;
  readonly listed: ListedTool;
  /** As the tool takes them, from any form that a client gives them in. @throws RlmError 'INVALID_INPUT' */
  readArguments(args: unknown): Readonly<Record<string, unknown>>;
  /** @throws RlmError 'INVALID_INPUT' and what the tool itself throws. */
  call(context: ToolContext, args: unknown): Promise<ToolReply>;
}

interface ListedTool {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: ToolHints & { readonly title: string };
  readonly _meta: Readonly<Record<string, unknown>>;
}

/** Claude Code cuts what tools return at a limit of its own, unless a tool says that it has one. */
const maxResultKey = 'anthropic/maxResultSizeChars';

interface ToolReply {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  spec: ToolSpec<Input, Output>,
): Tool {
  const input = spec.input.extend({ response_format: responseFormatField });
  const formatSchema = z.object({ response_format: responseFormatField });
  let listed: ListedTool | undefined;
  const readArguments = (args: unknown): Readonly<Record<string, unknown>> => {
    const plain = toPlainArguments(input, args);
    const parsed = input.safeParse(plain);
    if (!parsed.success) {
      throw toInvalidInput(parsed.error, input, { plain, passed: listPassed(input, args) });
    }
    return parsed.data;
  };
  return {
    readArguments,
    name: spec.name,
    alias: spec.alias ?? null,
    set: spec.set ?? null,
    get listed() {
      return (listed ??= toListedTool(spec, input));
    },
    async call(context, args) {
      const given = readArguments(args);
      const result = await spec.run(context, given as z.output<Input>); // extended Input
      const shown = result instanceof Shown ? result : new Shown(result, result);
      const { value: payload, replaced } = toWellFormedJson(shown.payload);
      const { value: brief } = toWellFormedJson(shown.brief);
      const isMarkdown = formatSchema.parse(given).response_format === 'markdown';
      const text = isMarkdown
        ? cutMarkdown(spec.toMarkdown(brief), toReplacedText(replaced))
        : JSON.stringify(sayReplaced(brief, replaced));
      return { payload: sayReplaced(payload, replaced), text };
    },
  };
}

function toListedTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  spec: ToolSpec<Input, Output>,
  input: z.ZodObject,
): ListedTool {
  const { name, title, description, hints } = spec;
  return {
    name,
    title,
    description,
    inputSchema: createInputJsonSchema(input),
    outputSchema: createOutputJsonSchema(spec.output),
    annotations: { title, ...hints },
    _meta: { [maxResultKey]: maxResultChars },
  };
}

function cutMarkdown(text: string, tail: string): string {
  const note = '\n\n… (cut: the structured result has more)';
  const cut = cutText(text, maxResultChars - note.length - tail.length);
  return (cut.truncated ? cut.text + note : text) + tail;
}
