// Which commands this shell has. Those of its engine that do what GNU's of that name do, for options that were compared
// with them; own ones in place of those that do not; and words for those that it has not.

import type { Command, CommandName } from 'just-bash/browser';
import { byteCommands, callOriginal } from './byteCommands';
import {
  CommandFailure,
  createCommand,
  parseOptions,
  toByteText,
  unsupported,
} from './commandLine';
import { checkScript } from './checkScript';
import { copyCommand } from './copyCommand';
import { digestCommands } from './digestCommands';
import { environmentCommand } from './environmentCommand';
import { grepCommands } from './grepCommand';
import { linkCommands } from './linkCommands';
import { listCommands } from './listCommands';
import { modeCommand } from './modeCommand';
import { printfCommand } from './printfCommand';
import { removeCommands } from './removeCommands';
import { sedCommand } from './sedCommand';
import { sortCommand } from './sortCommand';
import { textCommands } from './textCommands';

interface Kept {
  readonly name: CommandName;
  /** Letters of options that are handed on; null: all arguments are. */
  readonly flags: string | null;
  readonly values?: string;
  readonly long?: Readonly<Record<string, string>>;
  /** Refuses arguments that are not known to be taken as GNU takes them. */
  readonly check?: (args: readonly string[]) => void;
}

const kept: readonly Kept[] = [
  { name: 'basename', flags: '' },
  { name: 'dirname', flags: '' },
  { name: 'bash', flags: null, check: checkScripts },
  { name: 'sh', flags: null, check: checkScripts },
  { name: 'date', flags: 'u', values: 'd', check: checkDate },
  { name: 'printenv', flags: '' },
  { name: 'false', flags: null },
  { name: 'true', flags: null },
  { name: 'mkdir', flags: 'p', long: { parents: 'p' } },
  { name: 'pwd', flags: 'LP' },
  { name: 'sleep', flags: '' },
  { name: 'touch', flags: 'c' },
];

/** Of what the engine or a machine has: told where to find them. */
const absent = [
  ...['awk', 'gawk', 'mawk', 'nawk', 'perl', 'python', 'python3', 'ruby', 'php', 'node', 'js-exec'],
  ...['bc', 'dc', 'expr', 'factor', 'shuf', 'jq', 'yq', 'xan', 'rg', 'ag', 'fd', 'sqlite3'],
  ...[
    'column',
    'cmp',
    'diff',
    'patch',
    'join',
    'split',
    'csplit',
    'fold',
    'fmt',
    'expand',
    'unexpand',
  ],
  ...['file', 'strings', 'od', 'xxd', 'hexdump', 'iconv', 'numfmt', 'tsort', 'truncate', 'mktemp'],
  ...['tar', 'gzip', 'gunzip', 'zcat', 'zip', 'unzip', 'bzip2', 'xz', 'zstd'],
  ...[
    'curl',
    'wget',
    'nc',
    'ssh',
    'scp',
    'rsync',
    'ping',
    'git',
    'make',
    'gcc',
    'cc',
    'go',
    'cargo',
  ],
  ...['apt', 'apt-get', 'pip', 'pip3', 'npm', 'npx', 'sudo', 'su', 'dd', 'df', 'du', 'tree', 'yes'],
  ...[
    'which',
    'timeout',
    'watch',
    'top',
    'ps',
    'kill',
    'nohup',
    'id',
    'whoami',
    'hostname',
    'uname',
  ],
  ...['less', 'more', 'vi', 'vim', 'nano', 'man', 'html-to-markdown', 'history', 'help', 'clear'],
];

/** Names that the engine gives to the shell for itself. */
export const offeredCommands: readonly CommandName[] = [
  ...kept.map(({ name }) => name),
  ...(['env', 'printf'] as const),
];

function createKept({ name, flags, values, long, check }: Kept): Command {
  return createCommand(name, async (args, context, output) => {
    if (flags !== null) {
      const rules = { flags, ...(values !== undefined && { values }), ...(long && { long }) };
      parseOptions(args, rules);
    }
    check?.(args);
    const result = await callOriginal(context, args);
    output.write(result.stdoutKind === 'bytes' ? result.stdout : toByteText(result.stdout));
    if (result.stderr !== '') {
      output.note(result.stderr);
    }
    output.exitCode = result.exitCode;
  });
}

function checkScripts(args: readonly string[]): void {
  args.forEach(checkScript);
}

function checkDate(args: readonly string[]): void {
  const options = parseOptions(args, { flags: 'u', values: 'd' });
  for (const format of options.operands) {
    if (!/^\+(?:[^%]|%[-]?[YmdHMSFTsjuaAbBeyntDRVU%])*$/u.test(format) || format.includes('%-')) {
      throw unsupported(`the format ${format}`);
    }
  }
  const given = options.last('d');
  const isKnown =
    given === undefined ||
    /^(?:@-?\d{1,11}|\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?Z?)?)$/u.test(given);
  if (!isKnown) {
    throw unsupported(`the time ${given}`);
  }
}

function createAbsent(name: string): Command {
  return createCommand(name, () => {
    throw new CommandFailure(
      'not in this shell: use code, or a session with backend container, which has real commands',
      127,
    );
  });
}

export const customCommands: readonly Command[] = [
  ...textCommands,
  ...byteCommands,
  ...digestCommands,
  ...listCommands,
  ...grepCommands,
  ...linkCommands,
  ...removeCommands,
  copyCommand,
  environmentCommand,
  modeCommand,
  printfCommand,
  sedCommand,
  sortCommand,
  ...kept.map(createKept),
  ...absent.map(createAbsent),
];
