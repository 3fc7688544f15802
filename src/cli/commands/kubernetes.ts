// `rlm-companion kubernetes`: the pods that sessions have in a cluster, and the end of those that were left behind.

import type { Command } from 'commander';
import { parseBackendSettings } from '../../core/backendSettings';
import type { Cli } from '../cli';
import { addLeftoverCommands } from './leftovers';

export function addKubernetesCommand(program: Command, cli: Cli): void {
  const kubernetes = program
    .command('kubernetes')
    .description('list the pods of sessions in a cluster, and delete what was left behind')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rlm-companion kubernetes list\n  $ rlm-companion kubernetes clean --yes',
    )
    .helpCommand(false);
  addLeftoverCommands(kubernetes, cli, {
    name: 'pods',
    list: async () => {
      const { listKubernetesPods } = await cli.loadRuntime();
      return listKubernetesPods(parseBackendSettings(cli.env).kubernetes);
    },
    remove: async (names) => {
      const { deleteKubernetesPods } = await cli.loadRuntime();
      return deleteKubernetesPods(parseBackendSettings(cli.env).kubernetes, names);
    },
  });
}
