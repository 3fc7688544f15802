// A profile as it is written: YAML, every key known, every fault told with its line.

import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { RlmError } from '../core/errors';
import { approvalModes, isolations, sandboxModes } from '../core/agent/permissions';

const text = z.string().trim().max(20_000);
const line = z.string().trim().min(1).max(1_000);
const lines = z.array(line).max(100);
export const profileIdPattern = /^[a-z][a-z0-9_-]{0,63}$/u;
const profileId = z
  .string()
  .regex(profileIdPattern, 'must be small letters, digits, _ and -, and begin with a letter');
const pattern = line.refine(isPattern, 'is no regular expression');
const amount = z.number().nonnegative().finite();

/** Source: the tool contract, Agents, and docs/agents.md. */
export const profileSchema = z.strictObject({
  extends: profileId
    .optional()
    .describe('The profile that this one begins as; its own id where it is known.'),
  title: line.optional(),
  description: text.optional().describe('When to take this profile.'),
  persona: text.optional().describe('Who the agent is.'),
  system_prompt: text.optional().describe('How it works.'),
  goalset: lines.optional().describe('Goals of every run, before those of the task.'),
  constraints: lines.optional().describe('What it must keep to.'),
  checklist: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/u, 'must be small letters, digits, _ and -'),
        description: line,
        done_when: z
          .union([
            z.literal('manual'),
            z.strictObject({ command: pattern, exit: z.int().default(0) }),
            z.strictObject({ diff: line }),
            z.strictObject({ says: pattern }),
            z.strictObject({ child: profileId }),
          ])
          .default('manual'),
      }),
    )
    .max(50)
    .optional()
    .describe('Items that fill themselves in: {command, exit}, {diff}, {says}, {child} or manual.'),
  model: line.optional().describe('Left out: what the user has configured.'),
  sandbox: z.enum(sandboxModes).optional(),
  approvals: z
    .strictObject({
      mode: z.enum(approvalModes).optional(),
      allow: z.array(pattern).max(100).optional().describe('Whole commands that need no question.'),
      deny: z.array(pattern).max(100).optional().describe('Whole commands that are declined.'),
      timeout_ms: z.int().min(1_000).max(86_400_000).optional(),
    })
    .optional(),
  workspace: z
    .strictObject({
      isolation: z.enum(isolations).optional(),
      allow: lines.optional().describe('Folders that it may be given.'),
      deny: lines.optional().describe('Paths that it must leave alone, as in .gitignore.'),
      write: lines.optional().describe('The only paths that it may change, as in .gitignore.'),
    })
    .optional(),
  network: z.boolean().optional(),
  limits: z
    .strictObject({
      tokens: amount.optional(),
      usd: amount.optional(),
      turns: amount.optional(),
      wall_ms: amount.optional(),
      commands: amount.optional(),
      children: amount.optional(),
      depth: amount.optional(),
      idle_ms: amount.optional(),
    })
    .optional(),
  may_spawn: z.array(profileId).max(50).optional(),
  rules: z
    .array(
      z.strictObject({
        before: z.enum(['commit', 'complete']),
        child: profileId.optional(),
        item: line.optional(),
      }),
    )
    .max(20)
    .optional(),
  mask: z.array(pattern).max(100).optional().describe('Patterns of further secrets.'),
  summaries: z
    .strictObject({
      every_events: z.int().min(5).optional(),
      every_ms: z.int().min(10_000).optional(),
    })
    .optional(),
});

export type ProfileFile = z.output<typeof profileSchema>;

export interface ProfileFault {
  /** From 1; null: of the whole file. */
  readonly line: number | null;
  readonly message: string;
}

export type ParsedProfile =
  | { readonly kind: 'profile'; readonly file: ProfileFile }
  | { readonly kind: 'broken'; readonly faults: readonly ProfileFault[] };

const maxFileChars = 200_000;

/** Never throws. Every fault that can be found at once is told. */
export function parseProfileFile(source: string): ParsedProfile {
  if (source.length > maxFileChars) {
    return broken([{ line: null, message: `is longer than ${maxFileChars} characters` }]);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, uniqueKeys: true });
  if (document.errors.length > 0) {
    return broken(
      document.errors.map(({ message, pos }) => ({
        line: lineCounter.linePos(pos[0]).line,
        message: message.split('\n', 1)[0] ?? message,
      })),
    );
  }
  const parsed = profileSchema.safeParse(document.toJS({ maxAliasCount: 10 }) ?? {});
  if (parsed.success) {
    return { kind: 'profile', file: parsed.data };
  }
  return broken(
    parsed.error.issues.map((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      const path = unknown === undefined ? issue.path : [...issue.path, unknown];
      return {
        line: findLine(document, path, lineCounter),
        message: `${path.join('.') || 'the file'}: ${unknown === undefined ? issue.message : 'is not a known key'}`,
      };
    }),
  );
}

function broken(faults: readonly ProfileFault[]): ParsedProfile {
  return { kind: 'broken', faults };
}

/** Of the value, or of the nearest that there is. */
function findLine(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  counter: LineCounter,
): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
    if (Array.isArray(range) && typeof range[0] === 'number') {
      return counter.linePos(range[0]).line;
    }
  }
  return path.length === 0 ? null : 1;
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}

/** @throws RlmError 'INVALID_INPUT' with file and line. */
export function requireProfileFile(source: string, name: string): ProfileFile {
  const parsed = parseProfileFile(source);
  if (parsed.kind === 'broken') {
    const [first] = parsed.faults;
    const line = first?.line ?? null;
    const where = line === null ? name : `${name}:${line}`;
    throw new RlmError(
      'INVALID_INPUT',
      `Profile ${where}: ${first?.message ?? 'cannot be read'}.`,
      {
        nextStep: 'Mend it, and check it with rlm-companion profiles validate.',
      },
    );
  }
  return parsed.file;
}
