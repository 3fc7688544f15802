// The prompts a user can pick in the client.

import { toFence, toInlineCode } from '../base/markdown';
import { ErrorCode as RpcErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { Engine } from '../core/engine';
import { maxTaskChars } from '../core/loop';
import { toRlmError } from '../core/errors';
import rlmText from './prompts/rlm.md';
import rlmAuditText from './prompts/rlmAudit.md';
import { listAgentPrompts } from './agentPrompts';
import { fillIn, type Prompt } from './prompt';
import { readTracePage } from './tracePage';
import { toTraceText } from './traceView';

const maxAuditEntries = 500;
const maxAuditChars = 60_000;

const ownPrompts: readonly Prompt[] = [
  {
    name: 'rlm',
    title: 'Answer over a long context',
    description: 'Answers a question over files or a text too long to read, with code in a loop.',
    arguments: [
      { name: 'question', description: 'What to find out.', required: true },
      {
        name: 'paths',
        description: 'Files, folders or globs to look into, separated by commas.',
        required: false,
      },
    ],
    render: (_, args) => {
      const paths = (args['paths'] ?? '')
        .split(/[,\n]/u)
        .map((path) => path.trim())
        .filter((path) => path !== '');
      const where =
        paths.length > 0
          ? `The context: ${paths.map(toInlineCode).join(', ')}.`
          : 'Find out from the conversation or the workspace which files or text to load.';
      return fillIn(rlmText, { question: args['question'] ?? '', where });
    },
  },
  {
    name: 'rlm_audit',
    title: 'Review a session',
    description: 'Reviews the trace of a session: is its answer supported by what was looked at?',
    arguments: [{ name: 'session_id', description: 'The session to review.', required: true }],
    render: async (engine, args) => {
      const sessionId = args['session_id'] ?? '';
      const { entries, nextCursor } = await readTracePage(engine, {
        sessionId,
        fromStep: null,
        toStep: null,
        cursor: null,
        limit: maxAuditEntries,
        maxChars: Infinity,
        detail: { kind: 'full', maxChars: 0, textOffset: 0 },
      });
      const more = nextCursor === null ? '' : '\n\nThere is more: read on with rlm_get_trace.';
      const trace = toFence(toTraceText(entries, maxAuditChars)) + more;
      return fillIn(rlmAuditText, { sessionId, trace });
    },
  },
];

async function listAll(engine: Engine): Promise<readonly Prompt[]> {
  const taken = ownPrompts.map(({ name }) => name);
  return [...ownPrompts, ...(await listAgentPrompts(engine, taken))];
}

export async function listPrompts(engine: Engine) {
  const prompts = await listAll(engine);
  return prompts.map(({ name, title, description, arguments: args }) => ({
    name,
    title,
    description,
    arguments: args.map((argument) => ({ ...argument })),
  }));
}

/** @throws McpError InvalidParams for an unknown prompt, a missing or unknown argument or session. */
export async function renderPrompt(
  engine: Engine,
  name: string,
  args: Readonly<Record<string, string>>,
) {
  const prompts = await listAll(engine);
  const prompt = prompts.find((one) => one.name === name);
  if (!prompt) {
    const names = prompts.map((one) => one.name).join(', ');
    throw invalidParams(`Unknown prompt ${name}. Prompts: ${names}.`);
  }
  checkArguments(prompt, args);
  try {
    const text = await prompt.render(engine, args);
    return {
      description: prompt.description,
      messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }],
    };
  } catch (thrown) {
    const { message, nextStep } = toRlmError(thrown);
    throw invalidParams(`${message} ${nextStep}`);
  }
}

function checkArguments(prompt: Prompt, args: Readonly<Record<string, string>>): void {
  const known = prompt.arguments.map(({ name }) => name);
  const unknown = Object.keys(args).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalidParams(`Unknown argument ${unknown}. Allowed arguments: ${known.join(', ')}.`);
  }
  const missing = prompt.arguments.find(({ name, required }) => required && !args[name]?.trim());
  if (missing) {
    throw invalidParams(`Argument ${missing.name} is missing: ${missing.description}`);
  }
  const long = known.find((name) => (args[name] ?? '').length > maxTaskChars);
  if (long !== undefined) {
    const length = (args[long] ?? '').length;
    throw invalidParams(
      `Argument ${long} has ${length} characters; it may have ${maxTaskChars}. Put long texts into a file and name that.`,
    );
  }
}

function invalidParams(message: string): McpError {
  return new McpError(RpcErrorCode.InvalidParams, message);
}
