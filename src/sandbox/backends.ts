// All backends behind the core's one port: chooses by name, and falls back only where the user has set so.

import type { BackendSettings, ReadBackendSettings } from '../core/backendSettings';
import { RlmError, toRlmError } from '../core/errors';
import {
  type BackendName,
  type Sandbox,
  type SandboxFactory,
  type SandboxRequest,
  type SandboxStatus,
  languages,
} from '../core/sandbox';
import type { NativePlace } from '../protocol/sandboxProcess';
import { type AskedPlace, SandboxProcess } from './sandboxProcess';

export interface BackendsOptions {
  /** The build's `dist/sandbox`. */
  readonly folder: string;
  readonly log: (line: string) => void;
  readonly readSettings: ReadBackendSettings;
}

const nativeNames = ['local', 'container', 'daytona', 'kubernetes'] as const;
const imageNames: readonly BackendName[] = ['container', 'daytona', 'kubernetes'];
/** A status is asked for again and again: what does not work is tried again after this time. */
const statusMs = 15_000;

export class Backends implements SandboxFactory {
  readonly #readSettings: ReadBackendSettings;
  readonly #wasm: SandboxProcess;
  readonly #native: SandboxProcess;
  #nativeStatus: { readonly at: number; readonly read: Promise<SandboxStatus> } | undefined;

  constructor({ folder, log, readSettings }: BackendsOptions) {
    this.#readSettings = readSettings;
    this.#wasm = new SandboxProcess({ folder, log });
    this.#native = new SandboxProcess({
      folder,
      log,
      native: {
        names: nativeNames,
        readPlace: (name, asked) => this.#readPlace(name, asked),
      },
    });
  }

  async createSandbox(
    request: SandboxRequest,
    signal: AbortSignal,
    onStage?: (stage: string) => void,
  ): Promise<Sandbox> {
    const settings = await this.#readSettings();
    const backend = request.backend ?? settings.backend;
    if (request.image !== null && !imageNames.includes(backend)) {
      throw new RlmError('INVALID_INPUT', `An image was named for backend ${backend}.`, {
        nextStep:
          'Name backend container or kubernetes (an image) or daytona (a snapshot) with it, or leave image out.',
      });
    }
    if (backend === 'wasm') {
      return this.#wasm.createSandbox(request, signal);
    }
    try {
      return await this.#native.createSandbox({ ...request, backend }, signal, onStage);
    } catch (thrown) {
      const { code, message } = toRlmError(thrown);
      const mayFallBack = request.mayFallBack && settings.fallback === 'wasm';
      if (code !== 'BACKEND_UNAVAILABLE' || !mayFallBack) {
        throw thrown;
      }
      const fallback = { from: backend, reason: message };
      return this.#wasm.createSandbox({ ...request, backend: 'wasm', fallback }, signal);
    }
  }

  prewarm(): void {
    void this.#readSettings()
      .then(({ backend }) => (backend === 'wasm' ? this.#wasm : this.#native).prewarm())
      .catch(() => undefined); // the first session says why
  }

  async readStatus(): Promise<SandboxStatus> {
    const [wasm, native] = await Promise.all([this.#wasm.readStatus(), this.#readNativeStatus()]);
    return {
      ...wasm,
      backends: [...wasm.backends, ...native.backends],
      liveSandboxes: wasm.liveSandboxes + native.liveSandboxes,
      warmWorkers: wasm.warmWorkers + native.warmWorkers,
    };
  }

  dispose(): void {
    this.#wasm.dispose();
    this.#native.dispose();
  }

  async #readNativeStatus(): Promise<
    Pick<SandboxStatus, 'backends' | 'liveSandboxes' | 'warmWorkers'>
  > {
    try {
      return await (this.#native.isUsed ? this.#native.readStatus() : this.#probeNative());
    } catch (thrown) {
      return toFailing(toRlmError(thrown)); // of the settings, or of the process that looks
    }
  }

  #probeNative(): Promise<SandboxStatus> {
    const now = performance.now();
    if (this.#nativeStatus === undefined || now - this.#nativeStatus.at > statusMs) {
      const read = this.#native.readStatus();
      this.#nativeStatus = { at: now, read };
      read.catch(() => {
        this.#nativeStatus = undefined;
      });
    }
    return this.#nativeStatus.read;
  }

  async #readPlace(
    name: NativePlace['kind'],
    { image, sessionId, maxMemoryMb }: AskedPlace,
  ): Promise<NativePlace> {
    const settings = await this.#readSettings();
    switch (name) {
      case 'local':
        return {
          kind: 'local',
          python: settings.python,
          node: settings.node,
          network: settings.network,
        };
      case 'container':
        return {
          kind: 'container',
          runtime: settings.runtime,
          image: image ?? settings.image,
          network: settings.network,
        };
      case 'daytona':
        return {
          kind: 'daytona',
          apiUrl: settings.daytonaApiUrl,
          apiKey: settings.daytonaApiKey,
          target: settings.daytonaTarget,
          snapshot: image ?? settings.daytonaSnapshot,
          network: settings.network,
          sessionId,
        };
      case 'kubernetes':
        return {
          kind: 'kubernetes',
          settings: settings.kubernetes,
          network: settings.network,
          image: chooseImage(image, settings),
          maxMemoryMb,
          sessionId,
        };
    }
  }
}

/** A name of an image reaches the registry that is in it: whoever chose it could send a text there. */
function chooseImage(
  asked: string | null,
  { kubernetesImage, kubernetesImages }: BackendSettings,
): string {
  if (asked !== null && !kubernetesImages.includes(asked)) {
    throw new RlmError('INVALID_INPUT', `The image ${asked} is not one that pods may have here.`, {
      nextStep: `Name one of these, or leave image out: ${kubernetesImages.join(', ')}. The user allows more in RLM_KUBERNETES_IMAGES.`,
    });
  }
  return asked ?? kubernetesImage;
}

function toFailing({ message, nextStep }: RlmError) {
  const none = { image: null, imageDigest: null, walls: [], live: 0, warm: 0 };
  const backends = nativeNames.flatMap((backend) =>
    languages.map(
      (language) =>
        ({ backend, language, works: false, detail: message, nextStep, ...none }) as const,
    ),
  );
  return { backends, liveSandboxes: 0, warmWorkers: 0 };
}
