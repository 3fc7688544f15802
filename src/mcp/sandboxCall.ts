// How every sandbox tool begins: its hints, the session that it works in, and work on that session's files.

import type { Session } from '../core/session';
import { type FoundSandbox, type SandboxArgs, findSandbox } from './scratch';
import { requireFree, runQueued } from './taskCall';
import type { ToolContext, ToolHints } from './tool';

export const sandboxHints: ToolHints = {
  readOnlyHint: false, // what only reads may open a scratch session too, or resume one
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true, // the place may be another machine: Daytona
};

/** @throws RlmError 'INVALID_INPUT' while the session waits for its caller's answers, and as `findSandbox`. */
export async function findFreeSandbox(
  context: ToolContext,
  args: SandboxArgs,
): Promise<FoundSandbox> {
  if (args.sandbox_id !== undefined) {
    requireFree(context.engine, args.sandbox_id);
  }
  return findSandbox(context, args);
}

/** Does work on files or in the shell of the session that is meant, behind the step that runs there. */
export async function callSandbox<T>(
  context: ToolContext,
  args: SandboxArgs,
  work: (files: Session['files'], signal: AbortSignal) => Promise<T>,
): Promise<{ readonly found: FoundSandbox; readonly result: T }> {
  const found = await findFreeSandbox(context, args);
  const { id, files } = found.session;
  const result = await runQueued(context, id, (signal) => work(files, signal));
  return { found, result };
}
