// Two commands of each backend whose places are on other machines: those that sessions have, and the end of those that
// were left behind.

import type { Command } from 'commander';
import { RlmError } from '../../core/errors';
import type { Cli } from '../cli';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';

export interface LeftPlace {
  readonly id: string;
  readonly state: string;
  readonly use: 'in use' | 'left' | 'elsewhere';
  /** Null: it is of none that is known. */
  readonly sessionId: string | null;
  readonly createdAt: string | null;
}

export interface PlacesOfBackend {
  /** What they are called, in JSON too: `sandboxes`, `pods`. */
  readonly name: string;
  readonly list: () => Promise<readonly LeftPlace[]>;
  /** Why each of those was not deleted that could not be. */
  readonly remove: (ids: readonly string[]) => Promise<ReadonlyMap<string, RlmError>>;
}

interface CleanOptions {
  readonly yes?: true;
  readonly elsewhere?: true;
}

/** Adds `list` and `clean`. */
export function addLeftoverCommands(parent: Command, cli: Cli, places: PlacesOfBackend): void {
  parent
    .command('list')
    .description('show those that sessions have, and whether they are in use')
    .option('--json', 'print JSON')
    .action((options: { readonly json?: true }) => list(options, cli, places));
  parent
    .command('clean')
    .description('delete those whose engine on this machine is gone')
    .option('--yes', 'delete them; without it they are only shown')
    .option('--elsewhere', 'and those of other machines, which may be in use there')
    .action((options: CleanOptions) => clean(options, cli, places));
}

async function list(
  { json }: { readonly json?: true },
  { terminal }: Cli,
  places: PlacesOfBackend,
): Promise<void> {
  const found = await places.list();
  if (json) {
    const rows = found.map(({ id, state, use, sessionId, createdAt }) => ({
      ...{ id, state, use },
      created_at: createdAt,
      session_id: sessionId,
    }));
    terminal.print(toJsonText({ [places.name]: rows }));
    return;
  }
  if (found.length === 0) {
    terminal.printError(`No ${places.name}.`);
  }
  found.forEach((place) => terminal.print(toRow(place)));
}

async function clean(
  { yes, elsewhere }: CleanOptions,
  { terminal }: Cli,
  places: PlacesOfBackend,
): Promise<void> {
  const chosen = (await places.list()).filter(
    ({ use }) => use === 'left' || (use === 'elsewhere' && elsewhere === true),
  );
  if (chosen.length === 0) {
    terminal.printError('Nothing was left behind.');
    return;
  }
  chosen.forEach((place) => terminal.print(toRow(place)));
  if (yes !== true) {
    terminal.printError('Nothing is deleted yet: add --yes to delete these.');
    return;
  }
  const failed = await places.remove(chosen.map(({ id }) => id));
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

function toRow({ id, state, use, sessionId, createdAt }: LeftPlace): string {
  const session = sessionId === null ? 'no session' : `session ${sessionId}`;
  return toPrintable([id, state, use, session, `made ${createdAt ?? '?'}`].join('  '));
}
