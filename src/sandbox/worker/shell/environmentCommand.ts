// env: the variables that programs see, or one program with some more of them.

import type { Command } from 'just-bash/browser';
import { callOriginal } from './byteCommands';
import { createCommand, parseOptions, toByteText } from './commandLine';

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const env = createCommand('env', async (args, context, output) => {
  const first = args.findIndex((arg) => !/^-|^[A-Za-z_]\w*=/u.test(arg));
  const before = first === -1 ? args : args.slice(0, first);
  const { operands } = parseOptions(before, { flags: '' });
  const [name, ...rest] = first === -1 ? [] : args.slice(first);
  const { cwd, signal, execWithInheritedStdin: exec } = context;
  if (name === undefined || !exec) {
    const listed = await callOriginal(context, operands);
    output.write(toByteText(listed.stdout));
    output.exitCode = listed.exitCode;
    return;
  }
  const assigned = operands.map((pair) => {
    const at = pair.indexOf('=');
    return `${pair.slice(0, at)}=${quote(pair.slice(at + 1))} `;
  });
  const result = await exec(`${assigned.join('')}${quote(name)}`, {
    ...{ cwd, args: rest },
    ...(signal && { signal }),
  });
  output.write(result.stdoutKind === 'bytes' ? result.stdout : toByteText(result.stdout));
  if (result.stderr !== '') {
    output.note(result.stderr);
  }
  output.exitCode = result.exitCode;
});

export const environmentCommand: Command = env;
