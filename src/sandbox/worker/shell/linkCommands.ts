// ln, mv, readlink and stat: what they name is a link itself where GNU's take it for that, and not what it leads to.

import type { Command } from 'just-bash/browser';
import {
  CommandFailure,
  type Output,
  type ShellContext,
  createCommand,
  parseOptions,
  toByteText,
  toSystemWords,
  unsupported,
} from './commandLine';
import { planTargets, stateOf, toBase } from './namedPlaces';
import { withoutEndSlashes } from './treeFs';

/** @throws CommandFailure for what has no name in the folder that it goes to. */
function requireNames(pairs: readonly (readonly [string, string])[]): void {
  const odd = pairs.find(([, target]) => /^(?:\.\.?)?$/u.test(toBase(target)));
  if (odd) {
    throw unsupported(`the path '${odd[0]}'`);
  }
}

const mv = createCommand('mv', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'fn', long: { force: 'f' } });
  if (options.has('f') && options.has('n')) {
    throw unsupported('-f with -n');
  }
  const pairs = await planTargets(context, options.operands);
  requireNames(pairs);
  for (const [name, target] of pairs) {
    await move(context, [name, target], { keeps: options.has('n'), output });
  }
});

async function move(
  context: ShellContext,
  [name, target]: readonly [string, string],
  { keeps, output }: { readonly keeps: boolean; readonly output: Output },
): Promise<void> {
  const { fs, cwd } = context;
  const state = await stateOf(context, name, false);
  const there = await stateOf(context, target, false);
  if (!state) {
    output.fail(`cannot stat '${name}': No such file or directory`);
  } else if (name.endsWith('/') && !state.isDirectory) {
    output.fail(`cannot stat '${name}': Not a directory`);
  } else if (there && keeps) {
    // kept as it is
  } else if (there && there.ino === state.ino) {
    output.fail(`'${name}' and '${target}' are the same file`);
  } else {
    const [from, to] = [name, target].map((one) => fs.resolvePath(cwd, withoutEndSlashes(one)));
    await fs.mv(from ?? '', to ?? '').catch((thrown: unknown) => {
      output.fail(`cannot move '${name}' to '${target}': ${toSystemWords(thrown)}`);
    });
  }
}

const ln = createCommand('ln', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'sf', long: { symbolic: 's', force: 'f' } });
  if (!options.has('s')) {
    throw unsupported('a hard link');
  }
  const { fs, cwd } = context;
  const { operands } = options;
  const pairs = await planTargets(context, operands.length === 1 ? [...operands, '.'] : operands);
  requireNames(pairs);
  for (const [target, name] of pairs) {
    const path = fs.resolvePath(cwd, name);
    try {
      const there = await stateOf(context, name, false);
      if (there && options.has('f') && !there.isDirectory) {
        await fs.rm(path);
      }
      await fs.symlink(target, path);
    } catch (thrown) {
      output.fail(`failed to create symbolic link '${name}': ${toSystemWords(thrown)}`);
    }
  }
});

const readlink = createCommand('readlink', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'f' });
  if (options.operands.length === 0) {
    throw new CommandFailure('missing operand', 1);
  }
  const { fs, cwd } = context;
  for (const name of options.operands) {
    try {
      const path = fs.resolvePath(cwd, name);
      const read = options.has('f') ? await findWhole(context, path) : await fs.readlink(path);
      output.write(toByteText(`${read}\n`));
    } catch (thrown) {
      if (thrown instanceof CommandFailure) {
        throw thrown;
      }
      output.exitCode = 1; // without a word, as GNU's
    }
  }
});

/** The last part need not be there. */
async function findWhole({ fs }: ShellContext, path: string): Promise<string> {
  if (await fs.exists(path)) {
    return fs.realpath(path);
  }
  const end = path.lastIndexOf('/');
  const isLink = await fs.readlink(path).then(
    () => true,
    () => false,
  );
  if (isLink) {
    throw unsupported('a link to nothing with -f');
  }
  const above = await fs.realpath(path.slice(0, end) || '/');
  return `${above === '/' ? '' : above}${path.slice(end)}`;
}

const stat = createCommand('stat', async (args, context, output) => {
  const options = parseOptions(args, { flags: '', values: 'c', long: { format: 'c' } });
  const format = options.last('c');
  if (format === undefined || !/^(?:[^%\\]|%[sna]|%%)*$/u.test(format)) {
    throw unsupported('stat without -c, or a format with more than %s, %n and %a');
  }
  if (options.operands.length === 0) {
    throw new CommandFailure('missing operand', 1);
  }
  for (const name of options.operands) {
    const state = await stateOf(context, name, name.endsWith('/'));
    if (!state) {
      output.fail(`cannot stat '${name}': No such file or directory`);
      continue;
    }
    const shown = { s: String(state.size), n: name, a: state.mode.toString(8), '%': '%' };
    const line = format.replace(/%([sna%])/gu, (_, letter: keyof typeof shown) => shown[letter]);
    output.write(toByteText(`${line}\n`));
  }
});

export const linkCommands: readonly Command[] = [ln, mv, readlink, stat];
