// A REPL in a real sandbox process, as tests use it.

import path from 'node:path';
import type { BackendName, HostCall, Language, Outcome, Sandbox } from '../../src/core/sandbox';
import type { NativePlace } from '../../src/protocol/sandboxProcess';
import { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { testImage } from './backends';
import { FakeDaytona } from './fakeDaytona/fakeDaytona';
import { type FakeCluster, podImage, startFakeCluster } from './fakeKubernetes/fakeCluster';

export const sandboxFolder = path.resolve('dist/sandbox');
const never = new AbortController().signal;

const log = (line: string): void => void process.stderr.write(line);

/** `network`: where code may connect to, where the backend has a way out. */
export function createSandboxes(
  backend: BackendName = 'wasm',
  network: readonly string[] = [],
  image = testImage,
): SandboxProcess {
  switch (backend) {
    case 'wasm':
      return new SandboxProcess({ folder: sandboxFolder, log });
    case 'local':
      return createNative('local', { kind: 'local', python: null, node: null, network });
    case 'container':
      return createNative('container', { kind: 'container', runtime: null, image, network });
    case 'daytona':
      return createDaytonaSandboxes(useFakeDaytona(), network);
    case 'kubernetes':
      return createKubernetesSandboxes(useFakeCluster(), network);
  }
}

let sharedFake: Promise<FakeDaytona> | undefined;

/** A Daytona that all tests of a file share which need no faults of it. */
export function useFakeDaytona(): Promise<FakeDaytona> {
  sharedFake ??= FakeDaytona.start();
  return sharedFake;
}

export function createDaytonaSandboxes(
  fake = useFakeDaytona(),
  network: readonly string[] = [],
): SandboxProcess {
  return new SandboxProcess({
    folder: sandboxFolder,
    log,
    native: {
      names: ['daytona'],
      readPlace: async (_name, { image, sessionId }) => {
        const { apiUrl, key: apiKey } = await fake;
        const rest = { target: null, snapshot: image, sessionId, network };
        return { kind: 'daytona', apiUrl, apiKey, ...rest };
      },
    },
  });
}

let sharedCluster: Promise<FakeCluster> | undefined;

/** A cluster that all tests of a file share which need no faults of it. */
export function useFakeCluster(): Promise<FakeCluster> {
  sharedCluster ??= startFakeCluster();
  return sharedCluster;
}

export function createKubernetesSandboxes(
  cluster = useFakeCluster(),
  network: readonly string[] = [],
): SandboxProcess {
  return new SandboxProcess({
    folder: sandboxFolder,
    log,
    native: {
      names: ['kubernetes'],
      readPlace: async (_name, { image, sessionId, maxMemoryMb }) => {
        const { settings, accountFolder } = await cluster;
        const asked = { image: image ?? podImage, sessionId, maxMemoryMb };
        return { kind: 'kubernetes', settings, accountFolder, network, ...asked };
      },
    },
  });
}

function createNative(name: NativePlace['kind'], place: NativePlace): SandboxProcess {
  return new SandboxProcess({
    folder: sandboxFolder,
    log,
    native: { names: [name], readPlace: async () => place },
  });
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly maxOutputChars?: number;
  readonly signal?: AbortSignal;
  readonly onHostCall?: (call: HostCall, signal: AbortSignal) => Promise<unknown>;
}

export interface ReplOptions {
  readonly backend?: BackendName;
  readonly language?: Language;
  readonly maxMemoryMb?: number;
  /** Text, or path → text. */
  readonly context?: string | Readonly<Record<string, string>>;
}

/** A REPL for the tests of one suite, in a sandbox process of their own. */
export function useRepl(options: ReplOptions): () => Repl {
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes(options.backend);
    repl = await Repl.open(sandboxes, options);
  });
  after(() => {
    repl.sandbox.dispose();
    sandboxes.dispose();
  });
  return () => repl;
}

export class Repl {
  readonly sandbox: Sandbox;
  #step = 0;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  static async open(sandboxes: SandboxProcess, options: ReplOptions = {}): Promise<Repl> {
    const { language = 'python', maxMemoryMb = 256, context = '' } = options;
    const sandbox = await sandboxes.createSandbox({ language, maxMemoryMb }, never);
    const repl = new Repl(sandbox);
    await repl.load('context', context);
    return repl;
  }

  load(variable: string, context: string | Readonly<Record<string, string>>) {
    const sources = typeof context === 'string' ? { context_text: context } : context;
    return this.sandbox.loadContext(
      {
        variable,
        write: async (sink) => {
          for (const [name, text] of Object.entries(sources)) {
            const bytes = Buffer.from(text);
            await sink.beginSource(name, bytes.length);
            await sink.write(bytes);
          }
          return typeof context === 'string' ? 'string' : 'mapping';
        },
      },
      never,
    );
  }

  run(code: string, options: RunOptions = {}): Promise<Outcome> {
    this.#step += 1;
    return this.sandbox.runStep(
      {
        step: this.#step,
        code,
        timeoutMs: options.timeoutMs ?? 20_000,
        maxOutputChars: options.maxOutputChars ?? 20_000,
        onHostCall: options.onHostCall ?? (() => Promise.reject(new Error('no host calls here'))),
      },
      options.signal ?? never,
    );
  }

  /** The value of a step's trailing expression; fails the test when the step raised. */
  async evaluate(code: string, options: RunOptions = {}): Promise<string | null> {
    const outcome = await this.run(code, options);
    if (outcome.error) {
      throw new Error(
        `${outcome.error.type}: ${outcome.error.message}\n${outcome.error.traceback}`,
      );
    }
    return outcome.result;
  }

  async read(name: string, offset = 0, maxChars = 4_000) {
    return this.sandbox.readVariable({ name, offset, maxChars, timeoutMs: 5_000 }, never);
  }
}
