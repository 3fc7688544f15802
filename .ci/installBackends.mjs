// Puts what the tests of the backends need on this machine: bubblewrap, and podman with an image of Debian's
// packages (no registry of images is asked). As root on Debian; elsewhere it says what is missing.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const programs = { bubblewrap: 'bwrap', podman: 'podman' };
const besidePodman = ['runc', 'golang-github-containers-common'];
/** The name that test/support/backends.ts looks for. */
const image = 'localhost/rlm-sandbox:test';
/** The same with this process's Node.js in it. */
const nodeImage = 'localhost/rlm-sandbox-node:test';
const imagePackages = ['python3', 'dash', 'coreutils', 'grep', 'sed', 'findutils'];

/** @throws Error that says what is missing. */
export function installBackends() {
  const missing = Object.keys(programs).filter((name) => !answers(programs[name], ['--version']));
  const needsImage = missing.includes('podman') || !answers('podman', ['image', 'exists', image]);
  if (missing.length === 0 && !needsImage) {
    makeNodeImage();
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
  makeNodeImage();
}

function makeNodeImage() {
  if (answers('podman', ['image', 'exists', nodeImage])) {
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'rlm-node-image-'));
  try {
    const listed = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
    const libraries = [...listed.matchAll(/=> (\/\S+)/g)].map(([, file]) => file);
    const files = { node: process.execPath };
    libraries.forEach((file) => (files[path.basename(file)] = file));
    const copies = Object.entries(files).map(([name, from]) => {
      copyFileSync(from, path.join(folder, name));
      return `COPY ${name} ${name === 'node' ? '/usr/bin/node' : `/usr${from.replace(/^\/usr/, '')}`}`;
    });
    writeFileSync(path.join(folder, 'Dockerfile'), [`FROM ${image}`, ...copies, ''].join('\n'));
    run('podman', ['build', '--quiet', '--pull=never', '--tag', nodeImage, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
