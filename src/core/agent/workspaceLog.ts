// What has changed in a workspace since the last look, by the diff of each file. Files that patches have told of since
// the turn began are on record already. Pure.

import type { FileChange } from './agentEvent';
import type { WorkspaceChanges } from './workspaces';

interface Seen {
  readonly change: FileChange['change'];
  readonly diff: string;
}

/** What became of a file that is as it was in the beginning again. */
const undone = { add: 'delete', update: 'update', delete: 'add' } as const;

export class WorkspaceLog {
  #seen = new Map<string, Seen>();
  readonly #told = new Set<string>();

  beginTurn(): void {
    this.#told.clear();
  }

  tell(path: string): void {
    this.#told.add(path);
  }

  /** `found`: all that is other than in the beginning. */
  takeNew(found: WorkspaceChanges): readonly FileChange[] {
    const parts = found.diff.split(/^(?=diff --git )/mu);
    const seen = new Map(
      found.changes.map(({ path, change }) => [path, { change, diff: toPart(path, parts, found) }]),
    );
    const back = [...this.#seen]
      .filter(([path]) => !seen.has(path))
      .map(([path, { change }]) => ({ path, change: undone[change] }));
    const fresh = found.changes.filter(({ path, change }) => {
      const before = this.#seen.get(path);
      return before?.change !== change || before.diff !== seen.get(path)?.diff;
    });
    this.#seen = seen;
    return [...fresh, ...back].filter(({ path }) => !this.#told.has(path));
  }
}

/** Of a diff that was cut the whole stands for a part that may be missing. */
function toPart(path: string, parts: readonly string[], found: WorkspaceChanges): string {
  const part = parts.find((one) => {
    const [line = ''] = one.split('\n', 1);
    return line.endsWith(` b/${path}`) || line.includes(` a/${path} b/`);
  });
  return part ?? (found.droppedChars > 0 ? `${found.diff} ${found.droppedChars}` : '');
}
