// What this program uses of the system: Node, the home's disk, git, containers, bubblewrap. Programs that could ask another
// machine are told to stay on this one.

import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { toByteText } from '../../base/text';
import { type Check, type Finding, works } from './finding';

const lowDiskBytes = 2_000_000_000;

export const checkNode: Check = async () => {
  const serves = 'running this program; searching over runs needs node:sqlite';
  const detail = `Node ${process.versions.node} at ${process.execPath}`;
  return isBuiltin('node:sqlite')
    ? [works('node', serves, `${detail}, with node:sqlite`)]
    : [
        {
          ...works('node', serves, `${detail}, without node:sqlite`),
          state: 'missing',
          fix: 'Install Node 24: https://nodejs.org/en/download',
        },
      ];
};

export const checkHome: Check = async ({ home, platform }) => {
  const serves = 'keeping sessions and what agents work on';
  const found = await stat(home).catch(() => null);
  const place = found ? home : await findParent(home);
  const isWritable = await access(place, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable || (found && !found.isDirectory())) {
    const fix = `Make ${place} a folder that you may write to, or name another home: export RLM_HOME=FOLDER`;
    return [{ name: 'home', serves, state: 'broken', detail: `${home} cannot be written`, fix }];
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const left = `${toByteText(free)} free`;
  if (free < lowDiskBytes) {
    const fix = 'Remove worktrees of ended runs: rlm-companion agents clean';
    return [{ name: 'home', serves, state: 'broken', detail: `${home}, only ${left}`, fix }];
  }
  const openTo = found && platform !== 'win32' ? found.mode & 0o077 : 0;
  if (openTo !== 0) {
    const detail = `${home} may be entered by others (mode ${(found?.mode ?? 0 & 0o777).toString(8).slice(-3)}); what is in it is for you alone`;
    return [
      {
        name: 'home',
        serves,
        state: 'works',
        detail: `${detail}, ${left}`,
        fix: `chmod 700 '${home}'`,
      },
    ];
  }
  return [works('home', serves, `${home}${found ? '' : ', made when it is needed'}, ${left}`)];
};

async function findParent(folder: string): Promise<string> {
  let place = path.dirname(folder);
  while (!(await stat(place).catch(() => null)) && place !== path.dirname(place)) {
    place = path.dirname(place);
  }
  return place;
}

export const checkGit: Check = async ({ run, toInstall }) => {
  const serves = 'worktrees of agents, and what they have changed';
  const version = await run('git', ['--version']);
  return version === null
    ? [
        {
          ...works('git', serves, 'not found'),
          state: 'missing',
          fix: toInstall({
            ...{ linux: 'git', darwin: 'git', win32: '--id Git.Git' },
            otherwise: 'Install git: https://git-scm.com/downloads',
          }),
        },
      ]
    : [works('git', serves, version)];
};

/** So that neither asks a server on another machine. */
const hereOnly = {
  DOCKER_HOST: undefined,
  DOCKER_CONTEXT: 'default',
  CONTAINER_HOST: undefined,
  CONTAINER_CONNECTION: undefined,
};

export const checkContainers: Check = async ({ run, toInstall, platform }) => {
  const serves = 'backend container, and agents in containers';
  const found: Finding[] = [];
  for (const program of ['podman', 'docker'] as const) {
    const version = await run(program, ['--version']);
    if (version === null) {
      continue;
    }
    const answers = (await run(program, ['info'], hereOnly)) !== null;
    const start =
      platform === 'darwin' || platform === 'win32' ? 'podman machine start' : 'podman info';
    const fix =
      program === 'podman'
        ? start
        : platform === 'linux'
          ? 'sudo systemctl start docker'
          : 'Start Docker Desktop';
    found.push(
      answers
        ? works(program, serves, version)
        : {
            name: program,
            serves,
            state: 'broken',
            detail: `${version}, which does not answer here`,
            fix,
          },
    );
  }
  // One that works is enough.
  const working = found.filter(({ state }) => state === 'works');
  if (found.length > 0) {
    return working.length > 0 ? working : found;
  }
  const fix = toInstall({
    ...{ linux: 'podman', darwin: 'podman', win32: '--id RedHat.Podman' },
    otherwise: 'Install podman: https://podman.io/docs/installation',
  });
  return [{ name: 'podman or docker', serves, state: 'missing', detail: 'neither was found', fix }];
};

export const checkBubblewrap: Check = async ({ run, toInstall, platform }) => {
  const serves = 'backend local';
  if (platform !== 'linux') {
    return [];
  }
  const version = await run('bwrap', ['--version']);
  if (version === null) {
    const fix = toInstall({
      linux: 'bubblewrap',
      otherwise: 'Install bubblewrap from your distribution',
    });
    return [{ name: 'bubblewrap', serves, state: 'missing', detail: 'not found', fix }];
  }
  const walls = ['--ro-bind', '/', '/', '--unshare-all', '--die-with-parent', '--', 'true'];
  if ((await run('bwrap', walls)) !== null) {
    return [works('bubblewrap', serves, version)];
  }
  const detail = `${version}, which may make no namespaces here`;
  const fix =
    'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 kernel.unprivileged_userns_clone=1';
  return [{ name: 'bubblewrap', serves, state: 'broken', detail, fix }];
};
