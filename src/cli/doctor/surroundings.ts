// Programs of this machine, and the command of its package manager.

import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Environment, Surroundings, SystemPackages } from './finding';

const runMs = 15_000;
const managers: readonly (readonly [program: string, command: string])[] = [
  ['apt-get', 'sudo apt-get install -y'],
  ['dnf', 'sudo dnf install -y'],
  ['zypper', 'sudo zypper install -y'],
  ['pacman', 'sudo pacman -S --noconfirm'],
  ['apk', 'sudo apk add'],
];

export async function createTools(
  env: Environment,
  platform: NodeJS.Platform,
): Promise<Pick<Surroundings, 'run' | 'toInstall'>> {
  const found = await Promise.all(managers.map(([program]) => isOnPath(program, env)));
  const manager = managers.find((_, at) => found[at])?.[1] ?? null;
  return {
    run: (program, args, more) => run(program, args, { ...env, ...more }),
    toInstall: (packages) => toInstall(packages, platform, manager),
  };
}

function toInstall(
  { linux, darwin, win32, otherwise }: SystemPackages,
  platform: NodeJS.Platform,
  manager: string | null,
): string {
  if (platform === 'darwin' && darwin) {
    return `brew install ${darwin}`;
  }
  if (platform === 'win32' && win32) {
    return `winget install ${win32}`;
  }
  return platform === 'linux' && manager !== null ? `${manager} ${linux}` : otherwise;
}

async function isOnPath(program: string, env: Environment): Promise<boolean> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((one) => path.isAbsolute(one));
  const found = await Promise.all(
    folders.map((folder) =>
      access(path.join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** What it prints, on whichever stream. */
function run(program: string, args: readonly string[], env: Environment): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: runMs, windowsHide: true };
    const child = execFile(program, [...args], options, (error, stdout, stderr) =>
      resolve(error ? null : `${stdout}${stderr}`.trim()),
    );
    child.stdin?.end();
  });
}
