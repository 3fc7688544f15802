// `rlm-companion daytona`: the sandboxes that sessions have at Daytona, and the end of those that were left behind.

import type { Command } from 'commander';
import { parseBackendSettings } from '../../core/backendSettings';
import { RlmError } from '../../core/errors';
import type { Cli, CliRuntime } from '../cli';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';

interface ListOptions {
  readonly json?: true;
}

interface CleanOptions {
  readonly yes?: true;
  readonly elsewhere?: true;
}

type Listed = Awaited<ReturnType<CliRuntime['listDaytonaSandboxes']>>[number];

export function addDaytonaCommand(program: Command, cli: Cli): void {
  const daytona = program
    .command('daytona')
    .description('list the sandboxes of sessions at Daytona, and delete what was left behind')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion daytona list\n  $ rlm-companion daytona clean --yes',
    )
    .helpCommand(false);
  daytona
    .command('list')
    .description('show those that sessions of this account have, and whether they are in use')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list(options, cli));
  daytona
    .command('clean')
    .description('delete those whose engine on this machine is gone')
    .option('--yes', 'delete them; without it they are only shown')
    .option('--elsewhere', 'and those of other machines, which may be in use there')
    .action((options: CleanOptions) => clean(options, cli));
}

async function list({ json }: ListOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const sandboxes = await read(cli);
  if (json) {
    const rows = sandboxes.map(({ createdAt, sessionId, ...rest }) => ({
      ...rest,
      created_at: createdAt,
      session_id: sessionId,
    }));
    terminal.print(toJsonText({ sandboxes: rows }));
    return;
  }
  if (sandboxes.length === 0) {
    terminal.printError('No sandboxes.');
  }
  sandboxes.forEach((sandbox) => terminal.print(toRow(sandbox)));
}

async function clean({ yes, elsewhere }: CleanOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const chosen = (await read(cli)).filter(
    ({ use }) => use === 'left' || (use === 'elsewhere' && elsewhere === true),
  );
  if (chosen.length === 0) {
    terminal.printError('Nothing was left behind.');
    return;
  }
  chosen.forEach((sandbox) => terminal.print(toRow(sandbox)));
  if (yes !== true) {
    terminal.printError('Nothing is deleted yet: add --yes to delete these.');
    return;
  }
  const { deleteDaytonaSandboxes } = await cli.loadRuntime();
  const failed = await deleteDaytonaSandboxes(
    parseBackendSettings(cli.env),
    chosen.map(({ id }) => id),
  );
  terminal.printError(`Deleted ${chosen.length - failed.size}.`);
  const [first] = failed.values();
  if (first) {
    throw new RlmError(
      'BACKEND_UNAVAILABLE',
      `${failed.size} could not be deleted: ${[...failed.keys()].join(', ')}. ${first.message}`,
      { cause: first, nextStep: first.nextStep },
    );
  }
}

async function read(cli: Cli): Promise<readonly Listed[]> {
  const { listDaytonaSandboxes } = await cli.loadRuntime();
  return listDaytonaSandboxes(parseBackendSettings(cli.env));
}

function toRow({ id, state, use, sessionId, createdAt }: Listed): string {
  const session = sessionId === null ? 'no session' : `session ${sessionId}`;
  return toPrintable([id, state, use, session, `made ${createdAt ?? '?'}`].join('  '));
}
