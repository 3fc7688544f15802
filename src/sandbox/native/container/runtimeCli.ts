// The container program of this machine: which one answers, what an image is, and what earlier engines left.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { readUniqueOwner } from '../owner';
import { createUnavailable } from '../unavailable';
import { type PlaceProcess, startPlaceProcess } from '../placeProcess';
import { EngineApi, parseEngineAddress } from './engineApi';
import { EngineRuntime } from './engineRuntime';
import { type ContainerOptions, containerLabel, createContainerArgs } from './hardening';

const run = promisify(execFile);
const callTimeoutMs = 15_000;

/** A program, or a server by its API: engineRuntime.ts. */
export interface ContainerRuntime {
  /** As a person names it. */
  readonly file: string;
  /** `podman 4.3.1, rootless` */
  readonly name: string;
  /** @throws RlmError 'BACKEND_UNAVAILABLE' with the command that gets the image. */
  readImageId(image: string): Promise<string>;
  start(options: ContainerOptions): Promise<PlaceProcess>;
  removeOrphans(): Promise<void>;
  remove(name: string): Promise<void>;
}

/** What each answers when its server does: a version, and words on how it runs. */
const infoFormats = {
  docker: '{{.ServerVersion}} {{.SecurityOptions}}',
  podman: '{{.Version.Version}} rootless={{.Host.Security.Rootless}}',
} as const;

/** @throws RlmError 'BACKEND_UNAVAILABLE' when none answers. */
export async function findRuntime(named: string | null): Promise<ContainerRuntime> {
  const address = named === null ? null : parseEngineAddress(named);
  if (named !== null && address !== null) {
    return EngineRuntime.connect(new EngineApi(address), named);
  }
  const candidates = named === null ? ['docker', 'podman'] : [named];
  const reasons: string[] = [];
  for (const file of candidates) {
    try {
      return await readRuntime(file);
    } catch (error) {
      reasons.push(`${file}: ${toReason(error)}`);
    }
  }
  throw createUnavailable(
    `Backend container needs docker or podman, and none answers (${reasons.join('; ')}).`,
    'Install one (apt install podman), start its server, or name it in RLM_SANDBOX_CONTAINER_RUNTIME (rlm.runtime).',
  );
}

async function readRuntime(file: string): Promise<ContainerRuntime> {
  const isPodman = path.basename(file).startsWith('podman');
  const format = isPodman ? infoFormats.podman : infoFormats.docker;
  const [version = '', ...rest] = (await call(file, ['info', '--format', format])).split(' ');
  if (!/^\d/u.test(version)) {
    throw new Error('its server does not answer');
  }
  const isRootless = /rootless(?:=true|\b(?!=false))/u.test(rest.join(' '));
  const name = `${isPodman ? 'podman' : 'docker'} ${version}`;
  return {
    file,
    name: isRootless ? `${name}, rootless` : name,
    readImageId: (image) => readImageId(file, image),
    start: async (options) => {
      const args = createContainerArgs(options);
      return startPlaceProcess({ file, args, env: { ...process.env } as Environment });
    },
    removeOrphans: () => removeOrphans(file),
    remove: (container) => removeContainers(file, [container]),
  };
}

/** Only what is set is in it. */
type Environment = Record<string, string>;

async function readImageId(file: string, image: string): Promise<string> {
  const id = await call(file, ['image', 'inspect', '--format', '{{.Id}}', '--', image]).catch(
    () => '',
  );
  if (!/^(?:sha256:)?[0-9a-f]{64}$/u.test(id)) {
    throw createUnavailable(
      `There is no image ${image} here; none is fetched without being asked for.`,
      `Get it: ${file} pull ${image}; or make one with numpy and pandas: ${file} build -t ${image} -f deploy/sandbox.Dockerfile deploy`,
    );
  }
  return id.startsWith('sha256:') ? id : `sha256:${id}`;
}

/** Removes containers whose engine on this machine is gone: theirs end by themselves, unless their code kept them. */
async function removeOrphans(file: string): Promise<void> {
  const filter = ['--filter', `label=${containerLabel}`];
  const ids = await call(file, ['ps', '--all', '--quiet', ...filter]).catch(() => '');
  if (ids === '') {
    return;
  }
  const format = `{{index .Config.Labels "${containerLabel}"}}`;
  for (const id of ids.split('\n')) {
    // One by one: a call with a list fails for all where one of them is gone by now.
    const owner = await call(file, ['inspect', '--format', format, id]).catch(() => '');
    if (readUniqueOwner(owner) === 'gone') {
      await removeContainers(file, [id]);
    }
  }
}

/**
 * One by one: a call with a list ends at the first that is not there any more, and leaves the others. Killed first: a
 * removal waits 10 s for each whose first process takes no notice of being told to end.
 */
export async function removeContainers(file: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await call(file, ['kill', name]).catch(() => undefined); // it has ended
    await call(file, ['rm', '--force', name]).catch(() => undefined); // gone by itself
  }
}

async function call(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(file, args, { cwd: '/', timeout: callTimeoutMs });
  return stdout.trim();
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const isMissing = 'code' in error && error.code === 'ENOENT';
  const said = 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : undefined;
  return isMissing ? 'not installed' : (said || error.message).slice(0, 300);
}
