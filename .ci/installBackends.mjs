// Puts what the tests of the backends need on this machine: bubblewrap, and podman with an image of Debian's
// packages (no registry of images is asked). As root on Debian; elsewhere it says what is missing.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const programs = { bubblewrap: 'bwrap', podman: 'podman' };
const besidePodman = ['runc', 'golang-github-containers-common'];
/** The name that test/support/backends.ts looks for. */
const image = 'localhost/rlm-sandbox:test';
const imagePackages = ['python3', 'dash', 'coreutils', 'grep', 'sed', 'findutils'];

/** @throws Error that says what is missing. */
export function installBackends() {
  const missing = Object.keys(programs).filter((name) => !answers(programs[name], ['--version']));
  const needsImage = missing.includes('podman') || !answers('podman', ['image', 'exists', image]);
  if (missing.length === 0 && !needsImage) {
    return;
  }
  const isDebian = process.platform === 'linux' && existsSync('/usr/bin/apt-get');
  if (!isDebian || process.getuid?.() !== 0) {
    const why = isDebian ? 'only root can install them' : 'this is not Debian';
    throw new Error(`${[...missing, image].join(', ')}: not all are here, and ${why}.`);
  }
  run('apt-get', ['update', '-qq']);
  if (missing.length > 0) {
    const more = missing.includes('podman') ? besidePodman : [];
    const quiet = ['install', '-y', '-qq', '--no-install-recommends'];
    run('apt-get', [...quiet, ...missing, ...more]);
  }
  if (needsImage) {
    makeImage();
  }
}

function makeImage() {
  const root = mkdtempSync(path.join(tmpdir(), 'rlm-image-'));
  try {
    run('sh', [
      fileURLToPath(new URL('unpackPackages.sh', import.meta.url)),
      root,
      ...imagePackages,
    ]);
    run('sh', ['-c', `tar -C '${root}' -c . | podman import --quiet - '${image}' >/dev/null`]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function answers(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync(command, args, { cwd: '/', env, stdio: ['ignore', 'inherit', 'inherit'] });
}
