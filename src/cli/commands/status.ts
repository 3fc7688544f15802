// `rlm-companion status`: whether the sandboxes work here, and what is stored where.

import type { Command } from 'commander';
import { toByteText } from '../../base/text';
import type { EngineStatus } from '../../core/engine';
import type { ProviderStatus } from '../../core/model';
import type { SandboxBackendStatus } from '../../core/sandbox';
import type { Cli } from '../cli';
import { exitCodes } from '../failure';
import {
  type GlobalOptions,
  sandboxNetworkOption,
  type SandboxNetworkOptions,
  toBackendSettings,
  rootsOption,
  toHome,
} from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import type { Style } from '../render/style';
import { toAmountText } from '../render/words';
import { toRoots } from '../roots';

interface StatusOptions extends GlobalOptions, SandboxNetworkOptions {
  readonly root: readonly string[];
  readonly json?: true;
}

export function addStatusCommand(program: Command, cli: Cli): void {
  program
    .command('status')
    .description(
      'check the sandboxes and models and show what is stored; fails when no sandbox works',
    )
    .addOption(rootsOption())
    .addOption(sandboxNetworkOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ rlm-companion status --json')
    .action((_options, command: Command) =>
      showStatus(command.optsWithGlobals<StatusOptions>(), cli),
    );
}

async function showStatus(options: StatusOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots: await toRoots(cli.cwd, { roots: options.root }),
    baseFolder: cli.cwd,
    backends: toBackendSettings(options, cli),
    log: () => undefined,
  });
  try {
    const status = await engine.readStatus();
    terminal.print(options.json ? toJsonText(status) : renderStatus(status, terminal.style));
    if (!status.sandbox.backends.some((backend) => backend.works)) {
      cli.exitCode = exitCodes.failed;
    }
  } finally {
    await engine.close();
  }
}

const indent = `\n${' '.repeat(12)}`;
const namesShown = 5;

const placements = {
  'not-started': 'not started yet',
  process: 'a process of its own',
  engine: "the engine's own process",
} as const;

export function renderStatus(status: EngineStatus, style: Style): string {
  const { sandbox, storage } = status;
  const sessions = Object.entries(status.sessionsByStatus)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
  const walls = sandbox.walls.length === 0 ? 'none on this runtime' : sandbox.walls.join(', ');
  const rows = [
    ['Version', `${status.version} on Node ${process.versions.node}`],
    ...sandbox.backends.map((backend) => [toBackendName(backend), toBackendText(backend, style)]),
    [
      'Sandboxes',
      `${placements[sandbox.placement]}, ${sandbox.liveSandboxes} live, ${sandbox.warmWorkers} warm`,
    ],
    ['Walls', walls],
    [
      'Storage',
      `${toPrintable(storage.path)}  ${toAmountText(storage.sessions, 'session')}, ${toByteText(storage.bytes)}`,
    ],
    ['Sessions', sessions],
    ['Models', status.models.map((one) => toProviderText(one, style)).join(indent)],
    ['Folders', status.allowedRoots.map(toPrintable).join(indent)],
  ];
  return rows.map(([name = '', text = '']) => `${style.bold(name.padEnd(12))}${text}`).join('\n');
}

function toBackendName({ backend, language }: SandboxBackendStatus): string {
  const name = language === 'python' ? 'Python' : 'JavaScript';
  return backend === 'wasm' ? name : language === 'python' ? backend : ' JavaScript';
}

function toBackendText({ works, ...backend }: SandboxBackendStatus, style: Style): string {
  const { detail, nextStep, walls } = backend;
  const word = works ? style.green('works') : style.red('fails');
  const behind = backend.backend !== 'wasm' && walls.length > 0 ? `; ${walls.join(', ')}` : '';
  const more = nextStep === null ? '' : `${indent}       ${toPrintable(nextStep)}`;
  return `${word}  ${toPrintable(detail + behind)}${more}`;
}

function toProviderText({ provider, state, detail, models }: ProviderStatus, style: Style): string {
  const paint = { ready: 'green', by_client: 'dim', off: 'dim', failing: 'red' } as const;
  const word = state === 'by_client' ? 'client' : state;
  const more = models.length > namesShown ? `, … (${models.length})` : '';
  const names = models.length === 0 ? '' : `: ${models.slice(0, namesShown).join(', ')}${more}`;
  return `${style[paint[state]](word.padEnd(7))}  ${toPrintable(`${provider}  ${detail}${names}`)}`;
}
