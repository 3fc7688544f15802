// Backend `container`: a Python or Node in a container of docker or podman, which the session has to itself.

import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { toRlmError } from '../../../core/errors';
import type { Language } from '../../../core/sandbox';
import type { NativePlace } from '../../../protocol/sandboxProcess';
import type { WorkerHandle } from '../../workerHandle';
import type { WorkerState } from '../../workerPool';
import { bootstrapArgs, createGuestEnvironment, createGuestPayload } from '../guestPayload';
import { createNetworkProxy } from '../network/createNetworkProxy';
import { toNetworkWall } from '../network/wall';
import { uniqueOwnerOfThisProcess } from '../owner';
import { SupervisedPlace } from '../supervisedPlace';
import { createUnavailable } from '../unavailable';
import { type ContainerOptions, containerFolder, containerWalls } from './hardening';
import { type ContainerRuntime, findRuntime } from './runtimeCli';

const mebibyte = 2 ** 20;
const fileBytes = 512 * mebibyte;
/** The largest max_memory_mb and a context beside it; what a session may use of it is bounded inside. */
const memoryBytes = 4_096 * mebibyte;
const maxProcesses = 256;
const limits = { RLIMIT_CORE: 0, RLIMIT_NOFILE: 1_024, RLIMIT_FSIZE: fileBytes };
/** A container ends with its input; one that has not by then is removed. */
const removeAfterMs = 2_000;

type ContainerRequest = Omit<Extract<NativePlace, { kind: 'container' }>, 'kind'>;

export class ContainerPlaces {
  readonly #bundles: string;
  readonly #runtimes = new Map<string | null, Promise<ContainerRuntime>>();
  /** By the digest of an image, the Node.js in it, or why it runs none. */
  readonly #nodes = new Map<string, Promise<string>>();

  constructor(bundles: string) {
    this.#bundles = bundles;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' with the command that would make it work. */
  async start(request: ContainerRequest, language: Language): Promise<WorkerHandle> {
    const { runtime: named, image, network } = request;
    const runtime = await this.#find(named);
    const imageId = await runtime.readImageId(image);
    const name = `rlm-${randomUUID()}`;
    const options: ContainerOptions = {
      imageId,
      name,
      owner: uniqueOwnerOfThisProcess,
      memoryBytes,
      cpus: Math.min(2, availableParallelism()),
      maxProcesses,
      fileBytes,
      pythonArgs: bootstrapArgs,
    };
    try {
      return await SupervisedPlace.open({
        language,
        process: await runtime.start(options),
        payload: createGuestPayload({
          bundles: this.#bundles,
          language,
          node: 'node',
          processes: 'all',
          folder: containerFolder,
          folders: [containerFolder, '/tmp', '/dev/shm'],
          environment: createGuestEnvironment(containerFolder, language, network),
          limits,
          network: network.length > 0,
        }).framed,
        walls: toWalls(runtime, network),
        image,
        imageDigest: imageId,
        network: createNetworkProxy(network),
        onDispose: () => removeLater(runtime, name),
      });
    } catch (thrown) {
      throw createUnavailable(
        `${runtime.name} could not start a container of ${image}: ${toRlmError(thrown).message}`,
        toTrial(runtime, image, language),
      );
    }
  }

  async probe(request: ContainerRequest, language: Language): Promise<WorkerState> {
    const { runtime: named, image, network } = request;
    const runtime = await this.#find(named);
    const imageDigest = await runtime.readImageId(image);
    const node = language === 'javascript' ? [await this.#tryNode(imageDigest, request)] : [];
    return {
      detail: [runtime.name, image, ...node].join(', '),
      walls: toWalls(runtime, network),
      image,
      imageDigest,
    };
  }

  /** No image says what is in it: one container of it does, once. @throws RlmError 'BACKEND_UNAVAILABLE' */
  #tryNode(imageDigest: string, request: ContainerRequest): Promise<string> {
    const tried = this.#nodes.get(imageDigest) ?? this.#readNode(request);
    this.#nodes.set(imageDigest, tried);
    return tried;
  }

  async #readNode(request: ContainerRequest): Promise<string> {
    const worker = await this.start(request, 'javascript');
    worker.dispose();
    return worker.detail;
  }

  /** Looked for once; what failed is tried again at the next call. */
  #find(named: string | null): Promise<ContainerRuntime> {
    const known = this.#runtimes.get(named);
    if (known) {
      return known;
    }
    const finding = findRuntime(named).then((runtime) => {
      void runtime.removeOrphans();
      return runtime;
    });
    this.#runtimes.set(named, finding);
    finding.catch(() => this.#runtimes.delete(named));
    return finding;
  }
}

function toWalls({ name }: ContainerRuntime, network: readonly string[]): readonly string[] {
  return [name, toNetworkWall(network), ...containerWalls];
}

function removeLater(runtime: ContainerRuntime, name: string): void {
  setTimeout(() => void runtime.remove(name), removeAfterMs).unref();
}

/** What to try by hand where no container starts. */
function toTrial({ file }: { readonly file: string }, image: string, language: Language): string {
  const program = file.includes('://') ? 'podman' : file;
  const base = `Try it: ${program} run --rm --network none --entrypoint`;
  return language === 'python'
    ? `${base} python3 ${image} -c "print(1)"; the image needs Python 3.11 or later.`
    : `${base} sh ${image} -c "python3 --version && node --version"; JavaScript needs an image with Python 3.11 or later and Node.js 18 or later.`;
}
