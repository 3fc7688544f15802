// Puts what the tests of the backends need on this machine: bubblewrap, and podman with an image of Debian's
// packages (no registry of images is asked). As root on Debian; elsewhere it says what is missing.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const packages = ['bubblewrap'];

/** @throws Error that says what is missing. */
export function installBackends() {
  const missing = packages.filter((name) => !has(programs[name] ?? name));
  if (missing.length === 0) {
    return;
  }
  const isDebian = process.platform === 'linux' && existsSync('/usr/bin/apt-get');
  if (!isDebian || process.getuid?.() !== 0) {
    const why = isDebian ? 'only root can install them' : 'this is not Debian';
    throw new Error(`${missing.join(', ')} are not installed, and ${why}.`);
  }
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

const programs = { bubblewrap: 'bwrap' };

function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync(command, args, { cwd: '/', env, stdio: ['ignore', 'inherit', 'inherit'] });
}
