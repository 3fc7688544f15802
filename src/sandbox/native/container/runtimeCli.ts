// The container program of this machine: which one answers, what an image is, and what earlier engines left.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { readUniqueOwner } from '../owner';
import { createUnavailable } from '../unavailable';
import { type PlaceProcess, startPlaceProcess } from '../placeProcess';
import { type Environment, listUsualAddresses, readEngineAddress } from './engineAddress';
import { EngineApi } from './engineApi';
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

/**
 * A program named, or the first that answers; where no program does, the first server that listens where servers of
 * this user or system do. @throws RlmError 'BACKEND_UNAVAILABLE' when none answers.
 */
export async function findRuntime(
  named: string | null,
  environment: Environment = process.env,
): Promise<ContainerRuntime> {
  const address = named === null ? null : await readEngineAddress(named, environment);
  if (named !== null && address !== null) {
    return EngineRuntime.connect(new EngineApi(address), named);
  }
  const reasons: string[] = [];
  for (const file of named === null ? ['docker', 'podman'] : [named]) {
    try {
      return await readRuntime(file, environment);
    } catch (error) {
      reasons.push(`${file}: ${toReason(error)}`);
    }
  }
  for (const one of named === null ? listUsualAddresses(environment) : []) {
    try {
      return await connect(one, environment);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw createUnavailable(
    `Backend container needs docker or podman, and none answers (${reasons.join('; ')}).`,
    'Install one (apt install podman), start its server, or name it in RLM_SANDBOX_CONTAINER_RUNTIME (rlm.runtime).',
  );
}

async function connect(named: string, environment: Environment): Promise<ContainerRuntime> {
  const address = await readEngineAddress(named, environment);
  if (!address) {
    throw new Error(`${named}: only its program can be asked`);
  }
  return EngineRuntime.connect(new EngineApi(address), named);
}

async function readRuntime(file: string, environment: Environment): Promise<ContainerRuntime> {
  const isPodman = path.basename(file).startsWith('podman');
  const format = isPodman ? infoFormats.podman : infoFormats.docker;
  const env = toRuntimeEnvironment(environment);
  const asked = await call({ file, env }, ['info', '--format', format]);
  const [version = '', ...rest] = asked.split(' ');
  if (!/^\d/u.test(version)) {
    throw new Error('its server does not answer');
  }
  const isRootless = /rootless(?:=true|\b(?!=false))/u.test(rest.join(' '));
  const name = `${isPodman ? 'podman' : 'docker'} ${version}`;
  const program = { file, env };
  return {
    file,
    name: isRootless ? `${name}, rootless` : name,
    readImageId: (image) => readImageId(program, image),
    start: async (options) => startPlaceProcess({ file, args: createContainerArgs(options), env }),
    removeOrphans: () => removeOrphans(program),
    remove: (container) => removeContainers(program, [container]),
  };
}

/** A program, and all of its environment. */
export interface RuntimeProgram {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Programs of containers put the proxies that they are told into each container, with what opens them. Source: podman-run, `--http-proxy`. */
function toRuntimeEnvironment(environment: Environment): RuntimeProgram['env'] {
  const given = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !/_proxy$/iu.test(name),
  );
  return Object.fromEntries(given) as RuntimeProgram['env']; // what is undefined was left out
}

async function readImageId(program: RuntimeProgram, image: string): Promise<string> {
  const id = await call(program, ['image', 'inspect', '--format', '{{.Id}}', '--', image]).catch(
    () => '',
  );
  if (!/^(?:sha256:)?[0-9a-f]{64}$/u.test(id)) {
    throw createUnavailable(
      `There is no image ${image} here; none is fetched without being asked for.`,
      `Get it: ${program.file} pull ${image}; or make one with numpy and pandas: ${program.file} build -t ${image} -f deploy/sandbox.Dockerfile deploy`,
    );
  }
  return id.startsWith('sha256:') ? id : `sha256:${id}`;
}

/** Removes containers whose engine on this machine is gone: theirs end by themselves, unless their code kept them. */
async function removeOrphans(program: RuntimeProgram): Promise<void> {
  const filter = ['--filter', `label=${containerLabel}`];
  const ids = await call(program, ['ps', '--all', '--quiet', ...filter]).catch(() => '');
  if (ids === '') {
    return;
  }
  const format = `{{index .Config.Labels "${containerLabel}"}}`;
  for (const id of ids.split('\n')) {
    // One by one: a call with a list fails for all where one of them is gone by now.
    const owner = await call(program, ['inspect', '--format', format, id]).catch(() => '');
    if (readUniqueOwner(owner) === 'gone') {
      await removeContainers(program, [id]);
    }
  }
}

/**
 * One by one: a call with a list ends at the first that is not there any more, and leaves the others. Killed first: a
 * removal waits 10 s for each whose first process takes no notice of being told to end.
 */
export async function removeContainers(
  program: RuntimeProgram,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    await call(program, ['kill', name]).catch(() => undefined); // it has ended
    await call(program, ['rm', '--force', name]).catch(() => undefined); // gone by itself
  }
}

async function call({ file, env }: RuntimeProgram, args: readonly string[]): Promise<string> {
  const { stdout } = await run(file, args, { cwd: '/', env: { ...env }, timeout: callTimeoutMs });
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
