// What a new agent is given, by what a person has pointed at.

import path from 'node:path';
import { RlmError } from '../../core/errors';

/** What the person has pointed at. */
export interface AgentMaterial {
  /** Absolute; null: it is asked for where there are several. */
  readonly folder: string | null;
  /** Texts and paths that the task may be about, by name. */
  readonly inputs: Readonly<Record<string, string>>;
}

const maxSelectionChars = 20_000;

/** Of the files that a command of the explorer was called on; a file is worked on in the folder that is open. */
export function toMaterial(
  files: readonly { readonly path: string; readonly isFolder: boolean }[],
  open: readonly string[],
): AgentMaterial {
  const [first] = files;
  if (!first) {
    return { folder: null, inputs: {} };
  }
  if (first.isFolder && files.length === 1) {
    return { folder: first.path, inputs: {} };
  }
  const inputs = Object.fromEntries(
    files.map((file, index) => [files.length === 1 ? 'file' : `file_${index + 1}`, file.path]),
  );
  return { folder: findFolder(first.path, open), inputs };
}

/** The selected lines, and where they are. */
export function toSelectionMaterial(
  selection: { readonly path: string; readonly text: string; readonly lines: string },
  open: readonly string[],
): AgentMaterial {
  const { path: file, text, lines } = selection;
  if (text.length > maxSelectionChars) {
    throw new RlmError(
      'INVALID_INPUT',
      `The selection has ${text.length} characters; an agent is given ${maxSelectionChars} at most.`,
      { nextStep: 'Select less, or name the file in the task.' },
    );
  }
  return { folder: findFolder(file, open), inputs: { file, lines, selection: text } };
}

/** The folder that is open and has the file; null: none has. */
function findFolder(file: string, open: readonly string[]): string | null {
  const found = open.filter((folder) => {
    const way = path.relative(folder, file);
    return way !== '' && !way.startsWith('..') && !path.isAbsolute(way);
  });
  return found.sort((left, right) => right.length - left.length)[0] ?? null;
}
