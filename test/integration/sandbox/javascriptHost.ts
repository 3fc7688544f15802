// A small host for the JavaScript and search workers: builds them once, speaks the worker protocol,
// answers calls. No time limits but those a test asks for.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as esbuild from 'esbuild';
import type { BackendName } from '../../../src/core/sandbox';
import {
  type FromWorker,
  type GuestOutcome,
  type LoadMessage,
  type ToWorker,
  type WorkerInit,
  controlBytes,
  controlWord,
  fromWorkerSchema,
  givenTextsSchema,
  interruptByte,
  maxFrameChars,
  processCalls,
} from '../../../src/protocol/worker';
import { exportFunctionTable } from '../../../src/sandbox/functionTable';
import type { JavaScriptAssets } from '../../../src/sandbox/worker/javascriptWorker';
import { startJavascriptPlace } from '../../support/javascriptPlaces';
import type { SearchAnswer, SearchMessage } from '../../../src/sandbox/worker/searchWorker';

type Call = Extract<FromWorker, { kind: 'call' }>;
type Answer = Extract<FromWorker, { kind: 'loaded' | 'ran' | 'value' }>;
type Sizes = Extract<FromWorker, { kind: 'loaded' }>['sizes'];
type VariableValue = Extract<FromWorker, { kind: 'value' }>['value'];
type CallAnswer =
  | { readonly value: unknown; readonly bytes?: Uint8Array }
  | { readonly error: { readonly code: string; readonly message: string } }
  | { readonly interrupted: true };

export interface Bundles {
  readonly folder: string;
  readonly wasmModule: WebAssembly.Module;
}

const mebibyte = 2 ** 20;
const searchNames: ReadonlyMap<string, 'grep' | 'count' | 'search'> = new Map([
  [processCalls.give, 'search'],
  [processCalls.grep, 'grep'],
  [processCalls.count, 'count'],
  [processCalls.search, 'search'],
]);

/** Bundles both workers into a temporary folder, as the build does. */
export async function buildBundles(): Promise<Bundles> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rlm-javascript-'));
  await esbuild.build({
    entryPoints: ['javascriptWorker', 'searchWorker'].map(
      (name) => `src/sandbox/worker/${name}.ts`,
    ),
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    loader: { '.txt': 'text' },
    logLevel: 'error',
  });
  const { resolve } = createRequire(path.resolve('package.json'));
  const wasm = await readFile(resolve('@jitl/quickjs-ng-wasmfile-release-sync/wasm'));
  return { folder, wasmModule: await WebAssembly.compile(exportFunctionTable(wasm)) };
}

export async function removeBundles(bundles: Bundles): Promise<void> {
  await esbuild.stop();
  await rm(bundles.folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Where the guest runs. */
interface GuestPort {
  readonly ended: Promise<unknown>;
  post(message: ToWorker): void;
  interrupt(): void;
  /** What was asked for and has found nothing to interrupt. */
  clear(): void;
  dispose(): Promise<unknown>;
}

type Receive = (message: FromWorker) => void;

function startThread(bundles: Bundles, maxMemoryBytes: number, receive: Receive): GuestPort {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes));
  const interrupt = new Uint8Array(new SharedArrayBuffer(4));
  const { port1: port, port2 } = new MessageChannel();
  const init: WorkerInit<JavaScriptAssets> = {
    port: port2,
    control,
    interrupt,
    maxMemoryBytes,
    maxFrameChars,
    assets: { wasmModule: bundles.wasmModule },
  };
  const worker = new Worker(path.join(bundles.folder, 'javascriptWorker.js'), {
    workerData: init,
    transferList: [port2],
    env: {},
    execArgv: [],
    resourceLimits: { stackSizeMb: 16 },
  });
  port.on('message', (text: string) => receive(fromWorkerSchema.parse(JSON.parse(text))));
  return {
    ended: new Promise((resolve) => worker.once('exit', resolve)),
    post: (message) => {
      port.postMessage(message);
      Atomics.add(control, controlWord.sequence, 1);
      Atomics.notify(control, controlWord.sequence);
    },
    interrupt: () => void Atomics.store(interrupt, 0, interruptByte),
    clear: () => void Atomics.store(interrupt, 0, 0),
    dispose: () => {
      port.close();
      return worker.terminate();
    },
  };
}

async function startInPlace(backend: BackendName, receive: Receive): Promise<GuestPort> {
  const worker = await startJavascriptPlace(backend);
  worker.onMessage(receive);
  const ended = new Promise<unknown>((resolve) =>
    worker.onDidEnd((reason) => {
      receive({ kind: 'broken', message: reason });
      resolve(reason);
    }),
  );
  receive({ kind: 'ready', detail: '' });
  return {
    ended,
    post: (message) => worker.send(message),
    interrupt: () => worker.requestInterrupt(),
    clear: () => worker.clearInterrupt(),
    dispose: async () => worker.dispose(),
  };
}

export class JavascriptHost {
  #port: GuestPort | undefined;
  readonly #search: Worker;
  readonly #searches = new Map<number, (answer: SearchAnswer) => void>();
  readonly #given: string[] = [];
  readonly #waiting: ((message: FromWorker) => void)[] = [];
  readonly #maxMemoryBytes: number;
  #nextId = 0;
  #nextContext = 0;
  /** The names of the calls that came, in order. */
  readonly calls: Call[] = [];
  /** Answers calls that are not for the search worker. */
  onCall: (call: Call) => Promise<CallAnswer> | CallAnswer = () => ({ value: null });

  private constructor(bundles: Bundles, maxMemoryBytes: number) {
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#search = new Worker(path.join(bundles.folder, 'searchWorker.js'), {
      env: {},
      execArgv: [],
    });
    this.#search.on('message', (answer: SearchAnswer) => this.#searches.get(answer.id)?.(answer));
  }

  get ended(): Promise<unknown> {
    return this.#guest.ended;
  }

  get #guest(): GuestPort {
    if (this.#port === undefined) {
      throw new Error('It has not started.');
    }
    return this.#port;
  }

  static async start(
    bundles: Bundles,
    maxMemoryMb = 64,
    backend: BackendName = 'wasm',
  ): Promise<JavascriptHost> {
    const maxMemoryBytes = maxMemoryMb * mebibyte;
    const host = new JavascriptHost(bundles, maxMemoryBytes);
    const next = host.#next();
    const receive: Receive = (message) => host.#receive(message);
    host.#port =
      backend === 'wasm'
        ? startThread(bundles, maxMemoryBytes, receive)
        : await startInPlace(backend, receive);
    const first = await next;
    if (first.kind !== 'ready') {
      await host.dispose();
      throw new Error(`The worker did not start: ${JSON.stringify(first)}`);
    }
    return host;
  }

  async run(
    code: string,
    options: { maxOutputChars?: number; step?: number } = {},
  ): Promise<GuestOutcome> {
    this.#guest.clear();
    const { maxOutputChars = 20_000, step = 1 } = options;
    const answer = await this.#request({
      kind: 'run',
      id: this.#newId(),
      step,
      code,
      maxOutputChars,
    });
    if (answer.kind !== 'ran') {
      throw new Error(`Expected a step's outcome, got ${answer.kind}.`);
    }
    return answer.outcome;
  }

  /** A text becomes a string, an object a mapping from path to text. */
  load(given: Record<string, string | Uint8Array> | string): Promise<Sizes> {
    const shape = typeof given === 'string' ? 'string' : 'mapping';
    const entries = typeof given === 'string' ? [['text', given] as const] : Object.entries(given);
    const parts = entries.map(([, text]) => (typeof text === 'string' ? Buffer.from(text) : text));
    const bytes = new Uint8Array(
      new SharedArrayBuffer(parts.reduce((sum, part) => sum + part.length, 0)),
    );
    bytes.set(Buffer.concat(parts));
    const sources = entries.map(([name], at) => ({
      path: name,
      byteLength: parts[at]?.length ?? 0,
    }));
    return this.#load({ shape, bytes, sources });
  }

  loadBytes(bytes: Uint8Array): Promise<Sizes> {
    const sources = [{ path: 'text', byteLength: bytes.length }];
    return this.#load({ shape: 'string', bytes, sources });
  }

  async read(name: string, offset = 0, maxChars = 4_000): Promise<VariableValue> {
    const answer = await this.#request({ kind: 'read', id: this.#newId(), name, offset, maxChars });
    if (answer.kind !== 'value') {
      throw new Error(`Expected a value, got ${answer.kind}.`);
    }
    return answer.value;
  }

  interrupt(): void {
    this.#guest.interrupt();
  }

  /** The next message of the worker, whatever it is. */
  next(): Promise<FromWorker> {
    return this.#next();
  }

  post(message: ToWorker): void {
    this.#guest.post(message);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#port?.dispose(), this.#search.terminate()]);
  }

  async #load(given: Pick<LoadMessage, 'shape' | 'bytes' | 'sources'>): Promise<Sizes> {
    const { bytes, sources } = given;
    const contextIndex = this.#nextContext;
    const answer = await this.#request({
      ...given,
      kind: 'load',
      id: this.#newId(),
      variable: 'context',
      contextIndex,
      maxMemoryBytes: this.#maxMemoryBytes,
    });
    if (answer.kind !== 'loaded') {
      throw new Error(`Expected sizes, got ${answer.kind}.`);
    }
    if (answer.sizes) {
      this.#nextContext += 1;
      this.#askSearch({ kind: 'context', contextIndex, bytes, sources });
    }
    return answer.sizes;
  }

  async #request(message: Exclude<ToWorker, { kind: 'reply' | 'files' }>): Promise<Answer> {
    const answer = this.#next();
    this.post(message);
    const received = await answer;
    if (
      received.kind === 'ready' ||
      received.kind === 'call' ||
      received.kind === 'filed' ||
      received.kind === 'broken'
    ) {
      throw new Error(`Expected an answer, got ${JSON.stringify(received)}.`);
    }
    if (received.id !== message.id) {
      throw new Error('The answer is to another message.');
    }
    return received;
  }

  #next(): Promise<FromWorker> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'call') {
      this.calls.push(message);
      void this.#answer(message);
    } else {
      this.#waiting.shift()?.(message);
    }
  }

  async #answer(call: Call): Promise<void> {
    const isSearch = searchNames.has(call.name);
    const answer = isSearch ? await this.#find(call) : await this.onCall(call);
    this.post({ kind: 'reply', call: call.call, ...answer });
  }

  async #find(call: Call): Promise<CallAnswer> {
    if (call.name === processCalls.give) {
      const { starts, continues, texts } = givenTextsSchema.parse(call.args[0]);
      if (starts) {
        this.#given.length = 0;
      }
      const [first, ...others] = texts;
      const joined = continues ? [(this.#given.pop() ?? '') + (first ?? ''), ...others] : texts;
      this.#given.push(...joined);
      return { value: null };
    }
    const texts = this.#given.splice(0);
    const id = this.#nextId++;
    const answer = await new Promise<SearchAnswer>((resolve) => {
      this.#searches.set(id, resolve);
      const args = call.args[0] as never; // as the guest made them
      const kind = searchNames.get(call.name) ?? 'search';
      this.#askSearch({ kind, id, texts, args });
    });
    if ('counted' in answer) {
      return { value: answer.counted };
    }
    return 'error' in answer
      ? { error: answer.error }
      : { value: answer.found, bytes: new Uint8Array(answer.columns.buffer) };
  }

  #askSearch(message: SearchMessage): void {
    this.#search.postMessage(message);
  }

  #newId(): string {
    return `message-${this.#nextId++}`;
  }
}
