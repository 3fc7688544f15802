// rm and rmdir: take a link for itself, wherever it leads, and say what is there still. `-f` is silent of what is not there, and of
// nothing else.

import type { Command } from 'just-bash/browser';
import {
  CommandFailure,
  type ShellContext,
  createCommand,
  parseOptions,
  toSystemWords,
  unsupported,
} from './commandLine';
import { withoutEndSlashes } from './treeFs';

type Files = ShellContext['fs'];

const rm = createCommand('rm', async (args, { fs, cwd }, output) => {
  const long = { recursive: 'r', force: 'f' };
  const options = parseOptions(args, { flags: 'rRf', long });
  const isForced = options.has('f');
  const isRecursive = options.has('r') || options.has('R');
  if (options.operands.length === 0 && !isForced) {
    throw new CommandFailure('missing operand', 1);
  }
  for (const name of options.operands) {
    const why = await remove(fs, fs.resolvePath(cwd, withoutEndSlashes(name)), {
      name,
      isRecursive,
    });
    const isAbsent = why === absent || why === notFolder;
    if (why !== null && !(isAbsent && isForced)) {
      output.fail(`cannot remove '${name}': ${why}`);
    }
  }
});

const rmdir = createCommand('rmdir', async (args, { fs, cwd }, output) => {
  const { operands } = parseOptions(args, { flags: '' });
  if (operands.length === 0) {
    throw new CommandFailure('missing operand', 1);
  }
  for (const name of operands) {
    const path = fs.resolvePath(cwd, withoutEndSlashes(name));
    try {
      const { isDirectory } = await fs.lstat(path);
      if (!isDirectory) {
        throw new CommandFailure(notFolder, 1);
      }
      await fs.rm(path);
    } catch (thrown) {
      output.fail(`failed to remove '${name}': ${toSystemWords(thrown)}`);
    }
  }
});

export const removeCommands: readonly Command[] = [rm, rmdir];

const absent = 'No such file or directory';
const notFolder = 'Not a directory';

/** Why it could not be removed, as the system says it. */
async function remove(
  fs: Files,
  path: string,
  { name, isRecursive }: { readonly name: string; readonly isRecursive: boolean },
): Promise<string | null> {
  if (name === '') {
    return absent;
  }
  try {
    const { isDirectory } = await fs.lstat(path);
    if (!isDirectory) {
      if (name.endsWith('/')) {
        const leadsToFolder = await fs.stat(path).then(
          (state) => state.isDirectory,
          () => false,
        );
        if (leadsToFolder && isRecursive) {
          throw unsupported(`what lies behind the link ${name}`);
        }
        return leadsToFolder ? 'Is a directory' : notFolder;
      }
      await fs.rm(path);
      return null;
    }
    if (!isRecursive) {
      return 'Is a directory';
    }
    if (/^\.\.?$/u.test(withoutEndSlashes(name).split('/').at(-1) ?? '')) {
      return 'it is the folder itself, or one above it';
    }
    await fs.rm(path, { recursive: true });
    return null;
  } catch (thrown) {
    if (thrown instanceof CommandFailure) {
      throw thrown;
    }
    return toSystemWords(thrown);
  }
}
