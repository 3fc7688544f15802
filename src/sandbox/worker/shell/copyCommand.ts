// cp: what a link leads to, and with -r the link itself; into a folder that is there what is not in it, and over what is.

import {
  type Output,
  type ShellContext,
  createCommand,
  parseOptions,
  toSystemWords,
  unsupported,
} from './commandLine';
import { type State, planTargets, stateOf, toBase } from './namedPlaces';
import { withoutEndSlashes } from './treeFs';

/** Taken from the rights of what is made. */
const mask = 0o022;

interface Copying {
  readonly context: ShellContext;
  readonly output: Output;
  readonly isRecursive: boolean;
}

export const copyCommand = createCommand('cp', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'rRf', long: { recursive: 'r', force: 'f' } });
  const isRecursive = options.has('r') || options.has('R');
  const copying = { context, output, isRecursive };
  const pairs = (await planTargets(context, options.operands)).map(
    ([name, target]) =>
      [name, toBase(name) === '..' ? target.replace(/\/\.\.$/u, '') : target] as const,
  );
  if (new Set(pairs.map(([, target]) => target)).size < pairs.length) {
    throw unsupported('a copy over one that was just made');
  }
  for (const [name, target] of pairs) {
    await copy([name, target], copying);
  }
});

async function copy(pair: readonly [string, string], copying: Copying): Promise<void> {
  const [name, target] = pair;
  const { context, output, isRecursive } = copying;
  const state = await stateOf(context, name, !isRecursive || name.endsWith('/'));
  if (!state) {
    const link = await stateOf(context, name, false);
    const why = link && !link.isSymbolicLink ? 'Not a directory' : 'No such file or directory';
    output.fail(`cannot stat '${name}': ${why}`);
  } else if (state.isDirectory && !isRecursive) {
    output.fail(`-r not specified; omitting directory '${name}'`);
  } else {
    try {
      await (state.isDirectory ? copyFolder : copyFile)(pair, state, copying);
    } catch (thrown) {
      output.fail(`cannot create '${target}': ${toSystemWords(thrown)}`);
    }
  }
}

async function copyFolder(
  [name, target]: readonly [string, string],
  state: State,
  copying: Copying,
): Promise<void> {
  const { fs, cwd } = copying.context;
  const there = await stateOf(copying.context, target, true);
  if (there && !there.isDirectory) {
    copying.output.fail(`cannot overwrite non-directory '${target}' with directory '${name}'`);
    return;
  }
  const from = await fs.realpath(fs.resolvePath(cwd, name));
  if (!there) {
    await fs.mkdir(fs.resolvePath(cwd, target));
    await fs.chmod(fs.resolvePath(cwd, target), state.mode & 0o777 & ~mask);
  }
  const to = await fs.realpath(fs.resolvePath(cwd, target));
  if (`${to}/`.startsWith(`${from}/`)) {
    await (there ? undefined : fs.rm(fs.resolvePath(cwd, target)));
    throw unsupported(`the copy of a directory, '${name}', into itself`);
  }
  for (const entry of await fs.readdir(from)) {
    const pair = [`${withoutEndSlashes(name)}/${entry}`, `${withoutEndSlashes(target)}/${entry}`];
    await copy([pair[0] ?? '', pair[1] ?? ''], copying);
  }
}

async function copyFile(
  [name, target]: readonly [string, string],
  state: State,
  { context, output }: Copying,
): Promise<void> {
  const { fs, cwd } = context;
  const path = fs.resolvePath(cwd, target);
  const own = await stateOf(context, target, false);
  const there = own?.isSymbolicLink ? await stateOf(context, target, true) : own;
  if (there?.isDirectory) {
    output.fail(`cannot overwrite directory '${target}' with non-directory`);
  } else if ((there ?? own)?.ino === state.ino) {
    output.fail(`'${name}' and '${target}' are the same file`);
  } else if (state.isSymbolicLink) {
    await (own ? fs.rm(path) : undefined);
    await fs.symlink(await fs.readlink(fs.resolvePath(cwd, withoutEndSlashes(name))), path);
  } else if (own?.isSymbolicLink && !there) {
    output.fail(`not writing through dangling symlink '${target}'`);
  } else {
    await fs.writeFile(path, await fs.readFileBuffer(fs.resolvePath(cwd, name)));
    await (there ? undefined : fs.chmod(path, state.mode & 0o777 & ~mask));
  }
}
