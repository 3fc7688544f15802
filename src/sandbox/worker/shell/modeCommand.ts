// chmod, with modes in octal and by letters.

import type { Command } from 'just-bash/browser';
import {
  CommandFailure,
  createCommand,
  parseOptions,
  toSystemWords,
  unsupported,
} from './commandLine';
import { stateOf } from './namedPlaces';

/** As a shell here has it. */
const mask = 0o022;
const whoBits: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007, a: 0o777 };
const rightBits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };

const chmod = createCommand('chmod', async (args, context, output) => {
  const at = args.findIndex((arg) => /^-[rwxXst]/u.test(arg));
  const options = parseOptions(
    args.filter((_, index) => index !== at),
    { flags: 'R', long: { recursive: 'R' } },
  );
  const names = [...options.operands];
  const text = (at === -1 ? names.shift() : args[at]) ?? '';
  if (names.length === 0) {
    throw new CommandFailure('missing operand', 1);
  }
  const toMode = parseMode(text);
  const change = async (name: string, isFound: boolean): Promise<void> => {
    const { fs, cwd } = context;
    const path = fs.resolvePath(cwd, name);
    try {
      if (isFound && (await fs.lstat(path)).isSymbolicLink) {
        return; // what lies below is changed where it lies
      }
      const { mode, isDirectory } = await fs.stat(path);
      await fs.chmod(path, toMode(mode));
      for (const entry of isDirectory && options.has('R') ? await fs.readdir(path) : []) {
        await change(`${name}/${entry}`, true);
      }
    } catch (thrown) {
      if (thrown instanceof CommandFailure) {
        throw thrown;
      }
      const link = await stateOf(context, name, false);
      const what = link?.isSymbolicLink ? 'cannot operate on dangling symlink' : 'cannot access';
      output.fail(`${what} '${name}': ${toSystemWords(thrown)}`);
    }
  };
  for (const name of names) {
    await change(name, false);
  }
});

/** @throws CommandFailure */
function parseMode(text: string): (mode: number) => number {
  if (/^[0-7]{1,4}$/u.test(text)) {
    return () => parseInt(text, 8);
  }
  const clauses = text.split(',').map((clause) => {
    const [, who = '', change = '', rights = ''] = /^([ugoa]*)([-+=])([rwx]*)$/u.exec(clause) ?? [];
    if (change === '') {
      throw unsupported(`the mode '${text}'`);
    }
    const all = [...rights].reduce((sum, right) => sum | (rightBits[right] ?? 0), 0);
    const reach = [...who].reduce((sum, letter) => sum | (whoBits[letter] ?? 0), 0);
    return {
      change,
      bits: all & (who === '' ? 0o777 & ~mask : reach),
      reach: who === '' ? 0o777 : reach,
      all,
      who,
    };
  });
  return (mode) =>
    clauses.reduce((now, { change, bits, reach, all, who }) => {
      if (change === '-' && who === '' && (now & all & mask) !== 0) {
        throw unsupported(
          `the mode '${text}' for rights that the mask keeps; say whose, as in a${text}`,
        );
      }
      return change === '+'
        ? now | bits
        : change === '-'
          ? now & ~bits
          : (now & ~reach & 0o777) | bits;
    }, mode);
}

export const modeCommand: Command = chmod;
