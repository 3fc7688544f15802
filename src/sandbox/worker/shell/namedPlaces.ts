// What the operands of cp, ln and mv name, and where each goes.

import { CommandFailure, type ShellContext, unsupported } from './commandLine';
import { withoutEndSlashes } from './treeFs';

export type State = Awaited<ReturnType<ShellContext['fs']['lstat']>>;

export const toBase = (name: string): string => withoutEndSlashes(name).split('/').at(-1) ?? '';

/** Null: there is nothing, or it cannot be looked at. */
export async function stateOf(
  { fs, cwd }: ShellContext,
  name: string,
  follow: boolean,
): Promise<State | null> {
  const path = fs.resolvePath(cwd, follow ? name : withoutEndSlashes(name));
  return (follow ? fs.stat(path) : fs.lstat(path)).catch(() => null);
}

/** Operands and where they go: into the last where that is a folder. @throws CommandFailure */
export async function planTargets(
  context: ShellContext,
  operands: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  const last = operands.at(-1) ?? '';
  const given = operands.slice(0, -1);
  if (given.length === 0) {
    const what = last === '' ? '' : ` after '${last}'`;
    throw new CommandFailure(`missing destination file operand${what}`, 1);
  }
  const isFolder = (await stateOf(context, last, true))?.isDirectory === true;
  if (!isFolder && (given.length > 1 || last.endsWith('/'))) {
    throw unsupported(`a target that is no folder, ${last}`);
  }
  return given.map((name) => [
    name,
    isFolder ? `${withoutEndSlashes(last)}/${toBase(name)}` : last,
  ]);
}
