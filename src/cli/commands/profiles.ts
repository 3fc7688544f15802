// `rlm-companion profiles`: the recipes of agents: what there is, what each is when merged, and whether files are right.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { Profile } from '../../core/agent/profile';
import { RlmError } from '../../core/errors';
import type { Cli } from '../cli';
import { exitCodes } from '../failure';
import { type GlobalOptions, toHome } from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { type Column, renderTable } from '../render/table';
import { writeNewFile } from '../writeNewFile';

interface ProfilesOptions extends GlobalOptions {
  readonly json?: true;
  /** False: `--no-workspace`. */
  readonly workspace: boolean;
}

interface NewOptions extends GlobalOptions {
  readonly extends: string;
}

export function addProfilesCommand(program: Command, cli: Cli): void {
  const profiles = program
    .command('profiles')
    .description('show and check the profiles of agents')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion profiles list\n  $ rlm-companion profiles new my_reviewer --extends code_reviewer',
    )
    .helpCommand(false);
  profiles
    .command('list')
    .description('list them, with where each comes from')
    .option('--no-workspace', 'leave out those of the current folder (.rlm/profiles)')
    .option('--json', 'print JSON')
    .action((_options, command: Command) => list(command.optsWithGlobals(), cli));
  profiles
    .command('show')
    .argument('<id>')
    .description('show one as it is when all its layers are merged')
    .option('--no-workspace', 'leave out those of the current folder (.rlm/profiles)')
    .option('--json', 'print JSON')
    .action((id: string, _options, command: Command) => show(id, command.optsWithGlobals(), cli));
  profiles
    .command('validate')
    .argument('[file...]', 'files to check; none: all profiles there are')
    .description('check profiles, with the line of each fault')
    .action((files: readonly string[], _options, command: Command) =>
      validate(files, command.optsWithGlobals(), cli),
    );
  profiles
    .command('new')
    .argument('<id>')
    .description('write a profile of your own that begins as another')
    .option('--extends <id>', 'the profile that it begins as', 'generalist')
    .action((id: string, _options, command: Command) => create(id, command.optsWithGlobals(), cli));
}

async function open(options: ProfilesOptions, cli: Cli) {
  const runtime = await cli.loadRuntime();
  const workspaces = options.workspace ? [cli.cwd] : [];
  return runtime.openProfiles({ home: toHome(options, cli), workspaces });
}

async function list(options: ProfilesOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const { profiles, broken } = await (await open(options, cli)).list();
  if (options.json) {
    terminal.print(toJsonText({ profiles, broken }));
  } else {
    const rows = profiles.map(({ id, sandbox, sources, description }) => [
      id,
      sandbox,
      sources.at(-1) ?? '',
      description,
    ]);
    terminal.print(
      renderTable(columns, rows, {
        style: terminal.style,
        width: terminal.isOutputShown ? terminal.columns : Infinity,
      }),
    );
    printBroken(broken, cli);
  }
  cli.exitCode = broken.length > 0 ? exitCodes.failed : cli.exitCode;
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'MAY' },
  { title: 'FROM' },
  { title: 'WHAT FOR' },
];

async function show(id: string, options: ProfilesOptions, cli: Cli): Promise<void> {
  const profile = await (await open(options, cli)).find(id);
  cli.terminal.print(options.json ? toJsonText(profile) : renderProfile(profile));
}

function renderProfile(profile: Profile): string {
  const { approvals, workspace, limits } = profile;
  const facts: readonly (readonly [string, string])[] = [
    ['id', profile.id],
    ['title', profile.title],
    ['description', profile.description],
    ['from', profile.sources.join(' < ')],
    ['model', profile.model ?? 'as configured'],
    ['sandbox', `${profile.sandbox}, ${profile.network ? 'with' : 'without'} network`],
    ['approvals', `${approvals.mode}, declined after ${approvals.timeoutMs} ms`],
    ['allow', approvals.allow.join(', ')],
    ['deny', approvals.deny.join(', ')],
    ['isolation', workspace.isolation ?? 'a worktree where there is a repository, else the folder'],
    ['leaves alone', workspace.deny.join(', ')],
    ['changes only', workspace.write.join(', ')],
    ['may spawn', profile.maySpawn.join(', ')],
    ...Object.entries(limits).map(([name, value]) => [`limit ${name}`, String(value)] as const),
    ...profile.checklist.map(({ id, description }) => [`item ${id}`, description] as const),
    ...profile.constraints.map((one) => ['keeps to', one] as const),
    ['persona', profile.persona],
    ['instructions', profile.systemPrompt.trimEnd()],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(
      ([name, value]) =>
        `${name.padEnd(16)} ${toPrintable(value).replaceAll('\n', `\n${' '.repeat(17)}`)}`,
    )
    .join('\n');
}

async function validate(files: readonly string[], options: GlobalOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const runtime = await cli.loadRuntime();
  if (files.length === 0) {
    const { profiles, broken } = await (await open({ ...options, workspace: true }, cli)).list();
    printBroken(broken, cli);
    terminal.print(`${profiles.length} right, ${broken.length} wrong.`);
    cli.exitCode = broken.length > 0 ? exitCodes.failed : cli.exitCode;
    return;
  }
  for (const file of files) {
    const parsed = runtime.parseProfileFile(await read(file, cli));
    if (parsed.kind === 'profile') {
      terminal.print(`${toPrintable(file)}: right.`);
    } else {
      parsed.faults.forEach(({ line, message }) =>
        terminal.printError(toPrintable(`${file}${line === null ? '' : `:${line}`}: ${message}`)),
      );
      cli.exitCode = exitCodes.failed;
    }
  }
}

async function read(file: string, cli: Cli): Promise<string> {
  return readFile(path.resolve(cli.cwd, file), 'utf8').catch((cause: unknown) => {
    throw new RlmError('INVALID_INPUT', `${file} cannot be read.`, {
      cause,
      nextStep: 'Name a profile file that is there, or none to check all.',
    });
  });
}

function printBroken(
  broken: readonly {
    readonly file: string;
    readonly line: number | null;
    readonly message: string;
  }[],
  { terminal }: Cli,
): void {
  broken.forEach(({ message }) => terminal.printError(toPrintable(message)));
}

async function create(id: string, options: NewOptions, cli: Cli): Promise<void> {
  const profiles = await open({ ...options, workspace: false }, cli);
  const base = await profiles.find(options.extends);
  const text = [
    `# A profile of agents: ${base.title} is what it begins as. All keys: docs/agents.md`,
    `extends: ${base.id}`,
    `title: ${JSON.stringify(`${base.title} (mine)`)}`,
    `description: ${JSON.stringify(base.description)}`,
    '# constraints:',
    '#   - Keep to the style guide in docs/style.md.',
    '# limits: { tokens: 500000, turns: 10 }',
    '',
  ].join('\n');
  const written = await writeNewFile(profiles.toFile(id), text, {
    cwd: cli.cwd,
    mayReplace: false,
    whenThere: 'Edit it, or take another id.',
  });
  cli.terminal.print(toPrintable(written));
}
