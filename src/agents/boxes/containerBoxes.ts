// Containers of agents, by docker or podman of this machine.

import { availableParallelism } from 'node:os';
import {
  type AgentBox,
  type AgentBoxes,
  type BoxRequest,
  toBoxName,
} from '../../core/agent/agentBoxes';
import { RlmError, throwIfAborted } from '../../core/errors';
import { toBoxArgs } from './boxArguments';
import { openPortSockets } from './portSockets';

/** A container program of this machine that answers. */
export interface BoxRuntime {
  readonly file: string;
  /** `podman 4.3.1, rootless` */
  readonly name: string;
  /** @throws RlmError 'BACKEND_UNAVAILABLE' with the command that gets the image. */
  readImageId(image: string): Promise<string>;
  /** Never rejects. */
  remove(name: string): Promise<void>;
}

export interface BoxParts {
  /** Read again for each container: the settings may have changed. */
  readonly readImage: () => Promise<string>;
  /** @throws RlmError 'BACKEND_UNAVAILABLE' when none answers. */
  readonly findRuntime: () => Promise<BoxRuntime>;
  readonly label: string;
}

/** A container ends with its program; one that has not by then is removed. */
const removeAfterMs = 1_000;
const maxCpus = 2;

export class ContainerBoxes implements AgentBoxes {
  readonly #parts: BoxParts;
  /** By name: a run that goes on at once has a container of the same. */
  readonly #leaving = new Map<string, NodeJS.Timeout>();
  readonly #newest = new Map<string, object>();
  readonly #removing = new Map<string, Promise<void>>();

  constructor(parts: BoxParts) {
    this.#parts = parts;
  }

  async open(request: BoxRequest, signal: AbortSignal): Promise<AgentBox> {
    const { readImage, label } = this.#parts;
    const runtime = await this.#findProgram();
    const imageId = await runtime.readImageId(await readImage());
    const name = toBoxName(request.runId);
    clearTimeout(this.#leaving.get(name));
    this.#leaving.delete(name);
    await this.#removing.get(name);
    await runtime.remove(name);
    throwIfAborted(signal, 'Starting the container');
    const sockets = await openPortSockets(request.ports);
    this.#newest.set(name, sockets);
    try {
      const args = toBoxArgs(request, {
        ...{ imageId, label, socketFolder: sockets.folder },
        user: process.getuid ? { uid: process.getuid(), gid: process.getgid?.() ?? 0 } : null,
        runtime: runtime.name.startsWith('podman') ? 'podman' : 'docker',
        isRootless: runtime.name.endsWith('rootless'),
        cpus: Math.min(maxCpus, availableParallelism()),
        givesProgram: process.platform === 'linux',
      });
      return {
        program: runtime.file,
        args,
        environment: readEnvironment(),
        dispose: () => {
          sockets.dispose();
          if (this.#newest.get(name) === sockets) {
            this.#removeLater(runtime, name);
          }
        },
      };
    } catch (error) {
      sockets.dispose();
      throw error;
    }
  }

  async remove(runId: string): Promise<void> {
    await this.#findProgram()
      .then((runtime) => runtime.remove(toBoxName(runId)))
      .catch(() => undefined); // without a runtime there is no container
  }

  #removeLater(runtime: BoxRuntime, name: string): void {
    clearTimeout(this.#leaving.get(name));
    const timer = setTimeout(() => {
      this.#leaving.delete(name);
      this.#newest.delete(name);
      const removing = runtime.remove(name).finally(() => this.#removing.delete(name));
      this.#removing.set(name, removing);
    }, removeAfterMs);
    this.#leaving.set(name, timer.unref());
  }

  async #findProgram(): Promise<BoxRuntime> {
    const runtime = await this.#parts.findRuntime();
    if (runtime.file.includes('://')) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `Agents in containers need the program docker or podman; ${runtime.file} is reached by its API alone.`,
        { nextStep: 'Name the program in RLM_SANDBOX_CONTAINER_RUNTIME (rlm.runtime).' },
      );
    }
    return runtime;
  }
}

/** What container programs find their server and their files by: theirs alone, the container sees none of it. */
function readEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (
      value !== undefined &&
      /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|XDG_\w+|DOCKER_\w+|CONTAINER_\w+|CONTAINERS_\w+|DBUS_\w+|SystemRoot|USERPROFILE|ProgramData|LOCALAPPDATA|APPDATA)$/u.test(
        name,
      )
    ) {
      kept[name] = value;
    }
  }
  return kept;
}
