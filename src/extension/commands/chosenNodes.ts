// Which nodes of the tree, or files of the explorer, a command is about, by what the editor calls it with: the one it was
// called on, then all that are selected if that one is among them.

import { type SessionNode, toSessionId } from '../sessions/sessionNode';

/** The node that the command was called on. */
export function toNode([node]: readonly unknown[]): SessionNode | undefined {
  return isNode(node) ? node : undefined;
}

/**
 * The sessions chosen in the tree, for a command that takes several; null when nothing is chosen there.
 * `selection`: what is selected in the tree, for a command that was called on no node.
 */
export function toChosenSessions(
  args: readonly unknown[],
  selection: readonly SessionNode[],
): readonly string[] | null {
  const nodes = toChosenNodes(args, selection);
  const sessionIds = nodes
    .filter(({ kind }) => kind === 'session')
    .map(toSessionId)
    .filter((id) => id !== null);
  return nodes.length === 0 ? null : [...new Set(sessionIds)];
}

/** All that are chosen, for a command that takes several; `selection` as of `toChosenSessions`. */
export function toChosenNodes(
  args: readonly unknown[],
  selection: readonly SessionNode[],
): readonly SessionNode[] {
  const [, selected] = args;
  const node = toNode(args);
  const called = Array.isArray(selected) ? selected.filter(isNode) : node && [node];
  return called ?? (args[0] === undefined ? selection : []);
}

/** As an editor writes it. */
interface Address {
  toString(): string;
}

/**
 * The files that the explorer calls a command with: the one that it was called on and, if that is one of them, all that
 * are selected. What is selected elsewhere, or was before, is not what the person has pointed at.
 */
export function toCalledFiles<File extends Address>(
  [called, selected]: readonly unknown[],
  isFile: (value: unknown) => value is File,
): readonly File[] {
  const files: readonly unknown[] = Array.isArray(selected) ? selected : [];
  const all = files.filter(isFile);
  if (!isFile(called)) {
    return all;
  }
  return all.some((one) => one.toString() === called.toString()) ? all : [called];
}

function isNode(value: unknown): value is SessionNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
