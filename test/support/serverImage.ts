// The image of the server, built from the real Dockerfile by podman on a base made of this machine's own programs: no
// registry is asked.

import { execFile, spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const programs = ['sh', 'mkdir', 'test', 'mv', 'cp', 'chmod', 'chown', 'cat'];
const base = 'localhost/rlm-test-base:latest';
const image = 'localhost/rlm-test-server:latest';
/** As compose.yaml runs it. */
export const serverWalls: readonly string[] = [
  '--read-only',
  '--tmpfs=/tmp',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--user=65532:65532',
  '--pids-limit=512',
  '--ulimit=nofile=1024:1024', // podman's own wishes are more than a container in a container may have
  '--ulimit=nproc=1024:1024',
];

export function hasPodman(): boolean {
  return process.platform === 'linux' && spawnSync('podman', ['version']).status === 0;
}

export async function podman(...args: readonly string[]): Promise<string> {
  return (await run('podman', args, { maxBuffer: 10_000_000 })).stdout.trim();
}

/** A file of this machine at the same place below `root`. */
async function take(file: string, root: string, target = file): Promise<void> {
  const place = path.join(root, target);
  await mkdir(path.dirname(place), { recursive: true });
  await copyFile(await realpath(file), place);
  await chmod(place, 0o755);
}

/** The program with the libraries that it is linked with. */
async function takeProgram(file: string, root: string, target: string): Promise<void> {
  await take(file, root, target);
  const { stdout } = await run('ldd', [file]);
  for (const [, library = ''] of stdout.matchAll(/(\/\S+\.so\S*)/gu)) {
    await take(library, root);
  }
}

async function createBase(root: string): Promise<void> {
  for (const program of programs) {
    const { stdout } = await run('sh', ['-c', `command -v ${program}`]);
    const found = path.isAbsolute(stdout.trim()) ? stdout.trim() : `/usr/bin/${program}`;
    await takeProgram(found, root, `/bin/${program}`);
  }
  await takeProgram(process.execPath, root, '/bin/node');
  await run('sh', ['-c', `tar -C '${root}' -c . | podman import -q - ${base}`]);
}

/** Below `folder` the base is put together. */
export async function buildServerImage(folder: string): Promise<string> {
  await createBase(path.join(folder, 'root'));
  await podman(
    ...['build', '-q', '--format=docker', '--pull=never', '-f', 'deploy/Dockerfile'],
    ...['--build-arg', `NODE_IMAGE=${base}`, '--build-arg', 'PREBUILT=1', '-t', image, '.'],
  );
  return image;
}

export async function removeServerImage(): Promise<void> {
  await podman('rmi', '-f', image, base).catch(() => undefined); // it was not built
}
