// `rlm-companion deploy daytona`: a server of its own in a sandbox of Daytona, brought up to date by the same command.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { parseBackendSettings } from '../../core/backendSettings';
import { RlmError } from '../../core/errors';
import type { Cli, CliRuntime } from '../cli';
import { collect, parseWholeNumber } from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';

interface DeployOptions {
  readonly name: string;
  readonly snapshot?: string;
  readonly port: number;
  readonly users?: string;
  readonly env: readonly string[];
  readonly network?: true;
  readonly public?: true;
  readonly autoStop: number;
  readonly dryRun?: true;
  readonly remove?: true;
  readonly yes?: true;
  readonly json?: true;
}

type Wish = Parameters<CliRuntime['deployToDaytona']>[0];
type Parts = Parameters<CliRuntime['deployToDaytona']>[1];
type Deployed = Awaited<ReturnType<CliRuntime['deployToDaytona']>>;

/** Which Daytona forwards, but for those that its daemon keeps. Source: its documentation of previews. */
const portRange = { min: 3_000, max: 9_999 };
const autoStopRange = { min: 0, max: 525_600 };
/** Of the user who is made where none is given. */
const userName = 'owner';

export function addDeployCommand(program: Command, cli: Cli): void {
  const deploy = program
    .command('deploy')
    .description('put a server on another machine')
    .helpCommand(false);
  const daytona = deploy
    .command('daytona')
    .description('make a server in a sandbox of Daytona (DAYTONA_API_KEY), or bring it up to date');
  for (const option of listOptions()) {
    daytona.addOption(option);
  }
  daytona
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion deploy daytona --dry-run\n  $ rlm-companion deploy daytona --env OPENAI_API_KEY --network\n  $ rlm-companion deploy daytona --remove --yes',
    )
    .action((options: DeployOptions) =>
      options.remove === true ? remove(options, cli) : deployDaytona(options, cli),
    );
}

function listOptions(): readonly Option[] {
  return [
    new Option('--name <name>', 'of the server, among those of the account')
      .default('main')
      .argParser(parseName),
    new Option('--snapshot <name>', 'of Daytona, with Node 20.12 or later').env(
      'RLM_DAYTONA_SNAPSHOT',
    ),
    new Option('--port <n>', 'in the sandbox')
      .default(8_080)
      .argParser(parseWholeNumber(portRange)),
    new Option(
      '--users <file>',
      'users as `token add` makes them (default: those it has, else one)',
    ),
    new Option('--env <variable>', 'hand a variable of this environment on; repeatable')
      .argParser(collect)
      .default([], 'none'),
    new Option('--network', 'let the sandbox connect to others, as models need it'),
    new Option('--public', 'let requests through without Daytona’s token; the server’s own stays'),
    new Option('--auto-stop <minutes>', 'stop it when nobody has called for so long; 0: never')
      .default(0)
      .argParser(parseWholeNumber(autoStopRange)),
    new Option('--dry-run', 'say what would be done, and do nothing'),
    new Option('--remove', 'delete the server with all that it has kept'),
    new Option('--yes', 'with --remove: do it; without it nothing is deleted'),
    new Option('--json', 'print JSON'),
  ];
}

function parseName(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/u.test(text)) {
    throw new RlmError('INVALID_INPUT', `${JSON.stringify(text)} is no name of a server.`, {
      nextStep: 'Use a-z, 0-9 and "-", 40 characters at the most.',
    });
  }
  return text;
}

async function deployDaytona(options: DeployOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const say = (step: string): void => terminal.printError(toPrintable(step));
  const runtime = await cli.loadRuntime();
  const wish = await toWish(options, cli, runtime);
  const access = readAccess(cli);
  const bundle = await runtime.packServer(path.dirname(cli.programFile));
  if (wish.variables['OPENAI_API_KEY'] !== undefined && !wish.hasNetwork) {
    say('Without --network the server reaches no models.');
  }
  if (options.dryRun === true) {
    const known = await runtime.findDaytonaServer(access, wish.name);
    terminal.print(describePlan(wish, bundle, known).map(toPrintable).join('\n'));
    return;
  }
  const deployed = await cli.interrupts.during((signal) =>
    runtime.deployToDaytona(wish, {
      ...{ access, bundle, say, signal },
      makeUsers: () => makeUsers(runtime),
    }),
  );
  terminal.print(
    options.json === true ? toJsonText(toJson(deployed)) : toJsonText(toClientConfig(deployed)),
  );
  if (options.json !== true) {
    describeUse(deployed).forEach(say);
  }
}

async function remove({ name, yes, dryRun }: DeployOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const isMeant = yes === true && dryRun !== true;
  const { findDaytonaServer, removeDaytonaServer } = await cli.loadRuntime();
  const access = readAccess(cli);
  const known = await (isMeant ? removeDaytonaServer : findDaytonaServer)(access, name);
  if (!known) {
    terminal.printError(`There is no server ${name}.`);
  } else if (isMeant) {
    terminal.printError(`Deleted server ${name}, sandbox ${toPrintable(known.sandboxId)}.`);
  } else {
    terminal.print(toPrintable(`${known.sandboxId}  ${known.state}  server ${name}`));
    terminal.printError(
      'Nothing is deleted yet: --yes, without --dry-run, deletes it with all that it has kept.',
    );
  }
}

function readAccess({ env }: Cli): Parts['access'] {
  const { daytonaApiKey, daytonaApiUrl, daytonaTarget } = parseBackendSettings(env);
  return { apiKey: daytonaApiKey, apiUrl: daytonaApiUrl, target: daytonaTarget };
}

async function toWish(
  options: DeployOptions,
  { cwd, env }: Cli,
  { readUserFile }: CliRuntime,
): Promise<Wish> {
  const usersFile = options.users === undefined ? null : path.resolve(cwd, options.users);
  if (usersFile !== null) {
    await readUserFile(usersFile); // else the server would find out what is wrong with it
  }
  const variables = options.env.map((name) => {
    const value = env[name];
    if (value === undefined || value === '') {
      throw new RlmError('INVALID_INPUT', `There is no variable ${name} in this environment.`, {
        nextStep: 'Name one that is set, without its value: --env OPENAI_API_KEY.',
      });
    }
    return [name, value] as const;
  });
  return {
    name: options.name,
    snapshot: options.snapshot ?? null,
    port: options.port,
    isPublic: options.public ?? false,
    hasNetwork: options.network ?? false,
    autoStopMinutes: options.autoStop,
    variables: Object.fromEntries(variables),
    users: usersFile === null ? null : await readFile(usersFile),
  };
}

/** In a folder of its own, which is deleted: only the hash goes on. */
async function makeUsers({ addToken }: CliRuntime): ReturnType<Parts['makeUsers']> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-users-'));
  try {
    const file = path.join(folder, 'users.json');
    const rest = { role: 'user', expiresAt: null, roots: [], quota: {} } as const;
    const { token } = await addToken(file, { name: userName, ...rest });
    return { file: await readFile(file), token };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function describePlan(
  wish: Wish,
  { hash, files, bytes }: Parts['bundle'],
  known: { readonly sandboxId: string; readonly state: string } | null,
): readonly string[] {
  const { name, snapshot, port, isPublic, hasNetwork, variables, users } = wish;
  const stops = wish.autoStopMinutes === 0 ? 'never' : `after ${wish.autoStopMinutes} minutes`;
  return [
    known
      ? `Server ${name} is in sandbox ${known.sandboxId} (${known.state}): it would be brought up to date.`
      : `There is no server ${name}: a sandbox would be made of ${snapshot ?? 'the account’s own snapshot'}.`,
    `Build ${hash}: ${files} files, ${(bytes.length / 1e6).toFixed(1)} MB packed; uploaded unless it is there.`,
    `Port ${port}, ${isPublic ? 'public' : 'behind Daytona’s token'}; ${hasNetwork ? 'with' : 'without'} a network; stops by itself: ${stops}.`,
    `Users: ${users === null ? `those it has, else one, “${userName}”, whose token is shown once` : 'the file that is given'}.`,
    `Variables: ${Object.keys(variables).join(', ') || 'none'}.`,
    'Nothing was done.',
  ];
}

function toJson({ sandboxId, isNew, url, previewToken, token }: Deployed): object {
  return { sandbox_id: sandboxId, is_new: isNew, url, preview_token: previewToken, token };
}

/** As most clients of MCP take it. */
function toClientConfig({ url, previewToken, token }: Deployed): object {
  const headers = {
    Authorization: `Bearer ${token ?? '<the token of a user>'}`,
    ...(previewToken !== null && { 'X-Daytona-Preview-Token': previewToken }),
  };
  return { mcpServers: { rlm: { type: 'http', url, headers } } };
}

function describeUse({ sandboxId, isNew, previewToken, token }: Deployed): readonly string[] {
  return [
    `Server in sandbox ${sandboxId}, ${isNew ? 'made' : 'brought up to date'}: put the above into your client.`,
    ...(token === null ? [] : ['Its token is shown this once; it is kept nowhere.']),
    ...(previewToken === null
      ? []
      : ['Daytona’s token changes whenever the sandbox is started: deploy again to be told it.']),
  ];
}
