// The walls of an agent's container, as arguments that docker and podman share. A pure function: what it leaves out (a
// network, devices, privileges, other mounts, a terminal) the container does not get.

import { toBoxName, type BoxRequest } from '../../core/agent/agentBoxes';
import { RlmError } from '../../core/errors';
import forward from './forward.py';

export interface BoxOptions {
  readonly imageId: string;
  /** `label=value`, by which a later engine knows whose it was. */
  readonly label: string;
  /** Of whoever owns the files; null: the system has no such numbers. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly runtime: 'docker' | 'podman';
  readonly isRootless: boolean;
  readonly cpus: number;
  /** Holds a socket for each port, named by its number. */
  readonly socketFolder: string;
  /** False: the image brings the program, since one of this machine does not run there. */
  readonly givesProgram: boolean;
}

const memory = '4g';
const temporary = '/tmp:rw,size=512m,mode=1777';
const insideSockets = '/rlm-sockets';
const insideProgram = '/rlm-program';

/** @throws RlmError 'INVALID_INPUT' */
export function toBoxArgs(request: BoxRequest, options: BoxOptions): readonly string[] {
  const { imageId, label, user, socketFolder, givesProgram } = options;
  const environment = { ...request.environment, HOME: '/tmp', TMPDIR: '/tmp' };
  const program = givesProgram ? insideProgram : 'codex';
  return [
    ...['run', '--rm', '--interactive', '--pull', 'never'],
    ...['--name', toBoxName(request.runId), '--label', label, '--hostname', 'agent'],
    ...['--network', 'none', '--read-only', '--tmpfs', temporary],
    ...toUserArgs(user, options),
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    // Or a system with SELinux lets it read none of the folders, whose labels are the user's to change.
    ...['--security-opt', 'label=disable'],
    ...['--pids-limit', '512', '--memory', memory, '--memory-swap', memory],
    ...['--cpus', String(options.cpus)],
    ...['--ulimit', 'nofile=4096:4096', '--ulimit', 'core=0:0'],
    // Counted over all of this user id; podman's own choice may be more than is allowed to be set.
    ...['--ulimit', 'nproc=4096:4096'],
    ...['--log-driver', 'none', '--init=false', '--workdir', request.cwd],
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...request.folders.flatMap(({ path, writes }) => toMount(path, path, writes)),
    ...toMount(socketFolder, insideSockets, true),
    ...(givesProgram ? toMount(request.program, insideProgram, false) : []),
    ...['--entrypoint', 'python3', imageId, '-I', '-S', '-c', forward],
    ...request.ports.map((port) => `${port}=${insideSockets}/${port}`),
    ...['--', program, ...request.args],
  ];
}

function toUserArgs(
  user: BoxOptions['user'],
  { runtime, isRootless }: BoxOptions,
): readonly string[] {
  if (user === null) {
    return [];
  }
  if (!isRootless) {
    return ['--user', `${user.uid}:${user.gid}`];
  }
  // Without root, docker's root inside is the user outside.
  return runtime === 'podman'
    ? ['--userns', 'keep-id', '--user', `${user.uid}:${user.gid}`]
    : ['--user', '0:0'];
}

function toMount(from: string, to: string, writes: boolean): readonly string[] {
  if (/[,"\n]/u.test(`${from}${to}`)) {
    throw new RlmError(
      'INVALID_INPUT',
      `No container can be given ${from}: its name holds , or ".`,
      {
        nextStep: 'Rename the folder, or take isolation worktree.',
      },
    );
  }
  return ['--mount', `type=bind,source=${from},target=${to}${writes ? '' : ',readonly'}`];
}
