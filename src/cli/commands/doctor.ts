// `rlm-companion doctor`: what of this machine is missing or broken, and the command that mends it.

import type { Command } from 'commander';
import type { Cli } from '../cli';
import { exitCodes } from '../failure';
import { type GlobalOptions, toHome } from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import type { Style } from '../render/style';
import { toRlmError } from '../../core/errors';
import { checks } from '../doctor/checks';
import type { Check, Finding, Surroundings } from '../doctor/finding';
import { createTools } from '../doctor/surroundings';

interface DoctorOptions extends GlobalOptions {
  readonly json?: true;
}

const notes = `
Nothing leaves this machine, and no key is shown.
Fails (1) when something that is needed, or that you have set up, does not work; what is merely missing is told.

Example:
  $ rlm-companion doctor --json`;

export function addDoctorCommand(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('say what is missing on this machine, and the command that mends it')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action((_options, command: Command) => examine(command.optsWithGlobals<DoctorOptions>(), cli));
}

async function examine(options: DoctorOptions, cli: Cli): Promise<void> {
  const { terminal, env } = cli;
  const { platform } = process;
  const runtime = await cli.loadRuntime();
  const home = runtime.toHomeFolder(toHome(options, cli));
  const around = { cli, runtime, home, platform, ...(await createTools(env, platform)) };
  const findings = (await Promise.all(checks.map((check) => runCheck(check, around)))).flat();
  const broken = findings.filter(({ state }) => state === 'broken').length;
  if (options.json) {
    terminal.print(toJsonText({ version: runtime.version, isWell: broken === 0, findings }));
  } else {
    findings.forEach((finding) => terminal.print(renderFinding(finding, terminal.style)));
  }
  cli.exitCode = broken > 0 ? exitCodes.failed : cli.exitCode;
}

/** One that fails itself must not hide the others. */
async function runCheck(check: Check, around: Surroundings): Promise<readonly Finding[]> {
  try {
    return await check(around);
  } catch (thrown) {
    const { message, nextStep } = toRlmError(thrown);
    const name = check.name.replace(/^check/u, '').toLowerCase();
    return [{ name, serves: '', state: 'broken', detail: message, fix: nextStep }];
  }
}

export function renderFinding({ name, state, detail, serves, fix }: Finding, style: Style): string {
  const paint = { works: 'green', missing: 'yellow', broken: 'red' } as const;
  const head = `${style[paint[state]](state.padEnd(8))}${style.bold(name.padEnd(13))} ${toPrintable(detail)}`;
  return [
    head,
    ...(state === 'works' ? [] : [style.dim(`        for ${toPrintable(serves)}`)]),
    ...(fix === null ? [] : [`        ${toPrintable(fix)}`]),
  ].join('\n');
}
