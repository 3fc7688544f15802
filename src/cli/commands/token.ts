// `rlm-companion token`: makes, lists and takes back the tokens of a server's users.

import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Cli } from '../cli';
import { collect, parseWholeNumber } from '../options';

interface UsersOption {
  readonly users: string;
}

interface AddOptions extends UsersOption {
  readonly root: readonly string[];
  readonly expiresDays?: number;
  readonly metrics?: true;
  readonly liveSessions?: number;
  readonly memoryMb?: number;
  readonly callsPerMinute?: number;
  readonly requestsPerMinute?: number;
  readonly mcpSessions?: number;
  readonly modelCallsPerDay?: number;
  readonly modelTokensPerDay?: number;
  readonly modelCallsPerMonth?: number;
  readonly modelTokensPerMonth?: number;
}

const msPerDay = 86_400_000;
const maxModelLimit = 1_000_000_000_000;
const quotas = {
  live_sessions: ['--live-sessions <n>', 'sessions open at once', 'liveSessions', 100],
  memory_mb: ['--memory-mb <n>', 'memory of all of them', 'memoryMb', 1_000_000],
  calls_per_minute: ['--calls-per-minute <n>', 'calls of tools', 'callsPerMinute', 1_000_000],
  requests_per_minute: ['--requests-per-minute <n>', 'requests', 'requestsPerMinute', 1_000_000],
  mcp_sessions: ['--mcp-sessions <n>', 'clients connected at once', 'mcpSessions', 1_000],
  model_calls_per_day: [
    '--model-calls-per-day <n>',
    'calls of the server’s models',
    'modelCallsPerDay',
    maxModelLimit,
  ],
  model_tokens_per_day: [
    '--model-tokens-per-day <n>',
    'tokens of the server’s models',
    'modelTokensPerDay',
    maxModelLimit,
  ],
  model_calls_per_month: [
    '--model-calls-per-month <n>',
    'calls of the server’s models',
    'modelCallsPerMonth',
    maxModelLimit,
  ],
  model_tokens_per_month: [
    '--model-tokens-per-month <n>',
    'tokens of the server’s models',
    'modelTokensPerMonth',
    maxModelLimit,
  ],
} as const;

export function addTokenCommand(program: Command, cli: Cli): void {
  const token = program
    .command('token')
    .description('make, list and take back tokens for the users of `serve --users`')
    .helpCommand(false);
  addAdd(token, cli);
  token
    .command('list')
    .description('show users, tokens and quotas; a token itself is kept nowhere')
    .addOption(usersOption())
    .action((options: UsersOption) => list(options, cli));
  token
    .command('revoke')
    .description('take back one token of a user, or all; the sessions stay')
    .argument('<name>', 'the user')
    .argument('[id]', 'of the token, as `token list` shows it')
    .addOption(usersOption())
    .action((name: string, id: string | undefined, options: UsersOption) =>
      revoke({ name, id: id ?? null }, options, cli),
    );
}

function addAdd(token: Command, cli: Cli): void {
  const add = token
    .command('add')
    .description('make a token for a user, who is made too; it is shown once, on stdout')
    .argument('<name>', 'the user: a-z, 0-9, ".", "_", "-"')
    .addOption(usersOption())
    .addOption(
      new Option('--root <folder>', 'a folder that this user may read; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--expires-days <n>',
      'for how long it is good',
      parseWholeNumber({ min: 1, max: 3_650 }),
    )
    .option('--metrics', 'a token that reads /metrics, and nothing else');
  for (const [flags, text, , max] of Object.values(quotas)) {
    add.option(flags, `quota: ${text}`, parseWholeNumber({ min: 1, max }));
  }
  add.action((name: string, options: AddOptions) => makeToken(name, options, cli));
}

function usersOption(): Option {
  return new Option('--users <file>', 'the file of users')
    .makeOptionMandatory()
    .env('RLM_USERS_FILE');
}

async function makeToken(name: string, options: AddOptions, cli: Cli): Promise<void> {
  const { terminal, cwd } = cli;
  const { expiresDays, metrics = false, root } = options;
  const given = Object.entries(quotas).flatMap(([quota, [, , option]]) => {
    const value = options[option];
    return value === undefined ? [] : [[quota, value] as const];
  });
  const file = path.resolve(cwd, options.users);
  const { addToken } = await cli.loadRuntime();
  const { token, id } = await addToken(file, {
    name,
    role: metrics ? 'metrics' : 'user',
    expiresAt: expiresDays === undefined ? null : Date.now() + expiresDays * msPerDay,
    roots: root.map((folder) => path.resolve(cwd, folder)),
    quota: Object.fromEntries(given),
  });
  terminal.printError(
    `Token ${id} of ${name}, in ${file} by its hash alone. It is shown this once:`,
  );
  terminal.print(token);
}

async function list({ users }: UsersOption, cli: Cli): Promise<void> {
  const { terminal, cwd } = cli;
  const { readUserFile } = await cli.loadRuntime();
  const file = await readUserFile(path.resolve(cwd, users));
  for (const { name, role, tokens, roots, quota } of file.users) {
    terminal.print(terminal.style.bold(role === 'user' ? name : `${name} (${role})`));
    for (const { id, created_at: created, expires_at: expires } of tokens) {
      terminal.print(
        `  token ${id}  made ${created}  ${expires === null ? 'no end' : `until ${expires}`}`,
      );
    }
    roots.forEach((root) => terminal.print(`  reads ${root}`));
    if (role === 'user') {
      const limits = Object.entries(quota).flatMap(([limit, value]) =>
        value === null ? [] : [`${limit} ${value}`],
      );
      terminal.print(terminal.style.dim(`  ${limits.join('  ')}`));
    }
  }
}

async function revoke(
  { name, id }: { readonly name: string; readonly id: string | null },
  { users }: UsersOption,
  cli: Cli,
): Promise<void> {
  const { revokeTokens } = await cli.loadRuntime();
  const count = await revokeTokens(path.resolve(cli.cwd, users), name, id);
  cli.terminal.print(`Took back ${count} token(s) of ${name}. A running server reads it at once.`);
}
