// `rlm-companion backup` and `restore`: a whole home as one file, and back.

import path from 'node:path';
import type { Command } from 'commander';
import { ownerFile } from '../../base/ownerOnly';
import type { Cli } from '../cli';
import { type GlobalOptions, toHome } from '../options';
import { toCountText } from '../render/words';
import { writeNewFile } from '../writeNewFile';

interface BackupOptions extends GlobalOptions {
  readonly force?: true;
}

export function addBackupCommand(program: Command, cli: Cli): void {
  program
    .command('backup')
    .description('write all sessions of the home into one file, also while a server runs')
    .argument('<file>', 'the archive, such as rlm.tar.gz')
    .option('--force', 'replace the file if it exists')
    .action((file: string, _options, command: Command) =>
      backup(file, command.optsWithGlobals<BackupOptions>(), cli),
    );
  program
    .command('restore')
    .description('bring a backup back, into a home that has no sessions')
    .argument('<file>', 'the archive')
    .addHelpText('after', '\nExample:\n  $ rlm-companion --home ~/rlm-restored restore rlm.tar.gz')
    .action((file: string, _options, command: Command) =>
      restore(file, command.optsWithGlobals<GlobalOptions>(), cli),
    );
}

async function backup(file: string, options: BackupOptions, cli: Cli): Promise<void> {
  const { createBackup } = await cli.loadRuntime();
  const { bytes, readReport } = await createBackup({ home: toHome(options, cli) });
  const written = await writeNewFile(file, bytes, {
    cwd: cli.cwd,
    mayReplace: options.force === true,
    whenThere: 'Choose another name, or add --force.',
    mode: ownerFile,
  });
  const { files, bytes: size, leftOut } = readReport();
  for (const name of leftOut) {
    cli.terminal.printError(
      `Left out: ${name}. Its name cannot be kept on every system: rename it, and take the backup again.`,
    );
  }
  cli.terminal.print(`${written}: ${toCountText(files)} files, ${toCountText(size)} bytes`);
}

async function restore(file: string, options: GlobalOptions, cli: Cli): Promise<void> {
  const { restoreHome } = await cli.loadRuntime();
  const home = toHome(options, cli);
  const report = await restoreHome({ home }, path.resolve(cli.cwd, file));
  const { files, bytes, createdAt, location } = report;
  cli.terminal.print(
    `${location}: ${toCountText(files)} files, ${toCountText(bytes)} bytes, of ${createdAt}`,
  );
}
