// `rlm-companion daytona`: the sandboxes that sessions have at Daytona, and the end of those that were left behind.

import type { Command } from 'commander';
import { parseBackendSettings } from '../../core/backendSettings';
import type { Cli } from '../cli';
import { addLeftoverCommands } from './leftovers';

export function addDaytonaCommand(program: Command, cli: Cli): void {
  const daytona = program
    .command('daytona')
    .description('list the sandboxes of sessions at Daytona, and delete what was left behind')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion daytona list\n  $ rlm-companion daytona clean --yes',
    )
    .helpCommand(false);
  addLeftoverCommands(daytona, cli, {
    name: 'sandboxes',
    list: async () => {
      const { listDaytonaSandboxes } = await cli.loadRuntime();
      return listDaytonaSandboxes(parseBackendSettings(cli.env));
    },
    remove: async (ids) => {
      const { deleteDaytonaSandboxes } = await cli.loadRuntime();
      return deleteDaytonaSandboxes(parseBackendSettings(cli.env), ids);
    },
  });
}
