// One QuickJS guest with a REPL inside: loads contexts, runs steps, reads variables. Of what comes
// out of the guest only the JSON is read here; the sandbox process checks every message again.

import type {
  FromWorker,
  GuestOutcome,
  LoadMessage,
  ReadMessage,
  RunMessage,
  WorkerInit,
  interruptByte,
  processCalls,
} from '../../protocol/worker';
import { decodeStart, measureText, writeText } from './contextText';
import inspectSource from './guest/inspect.guest.txt';
import primordialsSource from './guest/primordials.guest.txt';
import replSource from './guest/repl.guest.txt';
import searchSource from './guest/search.guest.txt';
import variablesSource from './guest/variables.guest.txt';
import type { MessagePump } from './messagePump';
import { type Completion, QuickJs, type Value, maxHeapBytes } from './quickJs';
import { type RewrittenStep, rewriteStep } from './rewriteStep';
import { type GuestError, type StepFailure, createFailure, toStepFailure } from './stepFailure';

type ContextSizes = NonNullable<Extract<FromWorker, { kind: 'loaded' }>['sizes']>;
type VariableValue = Extract<FromWorker, { kind: 'value' }>['value'];
type Variables = Pick<GuestOutcome, 'variables' | 'changes'>;
type Output = Pick<GuestOutcome, 'stdout' | 'stderr' | 'droppedChars' | 'finalAnswer'>;

interface GuestOptions {
  readonly wasmModule: WebAssembly.Module;
  readonly pump: MessagePump;
  readonly interrupt: WorkerInit<unknown>['interrupt'];
  readonly maxMemoryBytes: number;
}

// Copies of constants whose module would bring zod into the worker; their types check them.
const interruptRequested: typeof interruptByte = 2;
const calls: typeof processCalls = {
  sleep: 'sleep',
  grep: 'context.grep',
  search: 'context.search',
};

const mebibyte = 2 ** 20;
/** What the engine and the runner take themselves. */
const runnerBytes = 8 * mebibyte;
/** Room for the runner, and for a step that lets go of memory, when the code has used up its own. */
const reserveBytes = 32 * mebibyte;
/** Fragmentation, and growth ahead of need (the engine's glue grows by up to 96 MiB at once). */
const slackBytes = 128 * mebibyte;
/** Jobs between two looks at the interrupt byte. */
const jobBatch = 100;
const previewChars = 500;
const shownSources = 50;
const narrowFiller = 'x';
const wideFiller = '\u0100';

const guestFunctions = [
  ...([
    'begin',
    'reserve',
    'takeOutput',
    'showResult',
    'describeError',
    'compare',
    'read',
  ] as const),
  ...(['addText', 'abandonContext', 'commitContext'] as const),
];
type GuestFunction = (typeof guestFunctions)[number];

/** How a step's code ended; `result` is the value of its last expression. */
type StepEnd =
  | { readonly kind: 'value'; readonly result: Value }
  | { readonly kind: 'failure'; readonly failure: StepFailure };

export class JavascriptGuest {
  readonly #engine: QuickJs;
  readonly #options: GuestOptions;
  readonly #functions: ReadonlyMap<GuestFunction, Value>;
  /** Numbers of the loaded texts by their address in the engine. */
  readonly #loadedTexts = new Map<number, number>();
  #textCount = 0;
  readonly #contextBytes = new Map<string, number>();
  /** What the declarations of all steps mention, by the declared name. */
  readonly #declarations = new Map<string, ReadonlySet<string>>();
  readonly #interruption: Interruption;
  #variables: readonly string[] = [];
  #maxMemoryBytes: number;
  #running: { readonly id: string; nextCall: number } | null = null;

  private constructor(engine: QuickJs, interruption: Interruption, options: GuestOptions) {
    this.#engine = engine;
    this.#interruption = interruption;
    this.#options = options;
    this.#maxMemoryBytes = options.maxMemoryBytes;
    this.#functions = this.#boot();
    this.#limitMemory(0);
  }

  static async create(options: GuestOptions): Promise<JavascriptGuest> {
    const interruption = new Interruption(options.interrupt);
    const engine = await QuickJs.create({
      wasmModule: options.wasmModule,
      shouldInterrupt: () => interruption.check(),
    });
    return new JavascriptGuest(engine, interruption, options);
  }

  /** Null when the context does not fit into memory; nothing has changed then. */
  load(message: LoadMessage): ContextSizes | null {
    this.#engine.limitMemory(maxHeapBytes, maxHeapBytes);
    const loaded = this.#addTexts(message);
    if (loaded) {
      this.#maxMemoryBytes = message.maxMemoryBytes;
      this.#contextBytes.set(message.variable, loaded.bytes);
      for (const [source, address] of loaded.addresses.entries()) {
        this.#loadedTexts.set(address, this.#textCount + source);
      }
      this.#textCount += loaded.addresses.length;
      this.#loadedTexts.delete(0);
      const { variable, contextIndex } = message;
      const paths = message.shape === 'string' ? null : message.sources.map(({ path }) => path);
      this.#ask('commitContext', { variable, contextIndex, paths });
    } else {
      this.#ask('abandonContext', null);
    }
    this.#limitMemory(0);
    return loaded?.sizes ?? null;
  }

  run(message: RunMessage): GuestOutcome {
    const started = performance.now();
    this.#interruption.reset();
    this.#running = { id: message.id, nextCall: 0 };
    this.#ask('begin', { maxOutputChars: message.maxOutputChars });
    const step = rewriteStep(message.code);
    let end: StepEnd;
    let declared: string[] = [];
    let mentioned: string[] = [];
    if (step.kind === 'step') {
      declared = [...step.declarations.keys()];
      mentioned = this.#reach(step);
      end = this.#execute(step, message.step);
    } else {
      const failure = createFailure('SyntaxError', step.message);
      const traceback = `SyntaxError: ${step.message}\n    at <step ${message.step}>:${step.line ?? 1}`;
      end = { kind: 'failure', failure: { ...failure, line: step.line, traceback } };
    }
    const outcome = this.#finish(end, declared, mentioned);
    this.#running = null;
    this.#limitMemory(0);
    return { ...outcome, durationMs: performance.now() - started };
  }

  read(message: ReadMessage): VariableValue {
    this.#interruption.reset();
    this.#limitMemory(reserveBytes);
    const { name, offset, maxChars } = message;
    const value = this.#ask<VariableValue>('read', { name, offset, maxChars });
    this.#engine.discardJobs();
    this.#interruption.clear();
    this.#limitMemory(0);
    const unreadable = { type: 'unreadable', text: '', form: 'repr', totalChars: 0 } as const;
    return value === undefined ? unreadable : value;
  }

  #boot(): ReadonlyMap<GuestFunction, Value> {
    const engine = this.#engine;
    const sources = [primordialsSource, inspectSource, variablesSource, searchSource, replSource];
    const parameters = 'askOutside, identifyText, promiseState, promiseResult, settings';
    const code = `(function (${parameters}) { 'use strict'; ${sources.join('\n')}\n})`;
    const states = { pending: 0, fulfilled: 1, rejected: 2, 'not-a-promise': -1 } as const;
    const main = this.#require(engine.evaluate(code, '<repl>'));
    const repl = this.#require(
      engine.call(
        main,
        engine.createFunction('askOutside', (frame) => {
          const text = engine.readString(frame);
          return text === undefined ? undefined : engine.createString(this.#askOutside(text));
        }),
        engine.createFunction('identifyText', (text) =>
          engine.createNumber(this.#loadedTexts.get(engine.stringAddress(text)) ?? -1),
        ),
        engine.createFunction('promiseState', (promise) =>
          engine.createNumber(states[engine.promiseState(promise)]),
        ),
        engine.createFunction('promiseResult', (promise) => engine.promiseResult(promise)),
        engine.createString(JSON.stringify({ calls })),
      ),
    );
    return new Map(guestFunctions.map((name) => [name, engine.getProperty(repl, name)]));
  }

  #addTexts(
    message: LoadMessage,
  ): { sizes: ContextSizes; addresses: number[]; bytes: number } | null {
    const sizes = { totalChars: 0, totalLines: 0, sourceChars: [] as number[], preview: '' };
    const addresses: number[] = [];
    let bytes = 0;
    let at = 0;
    for (const { byteLength } of message.sources) {
      const source = message.bytes.subarray(at, at + byteLength);
      at += byteLength;
      const measure = measureText(source);
      const isWide = measure.encoding === 'utf16le';
      const parameters = { length: measure.chars, isWide };
      const added = this.#call('addText', this.#engine.createString(JSON.stringify(parameters)));
      if (!added.ok) {
        this.#engine.free(added.error);
        return null;
      }
      if (measure.chars > 0) {
        const filler = isWide ? wideFiller : narrowFiller;
        writeText(source, measure, this.#engine.openString(added.value, measure.chars, filler));
      }
      // All empty texts are one value to the engine: it says nothing of where it is from.
      addresses.push(measure.chars === 0 ? 0 : this.#engine.stringAddress(added.value));
      this.#engine.free(added.value);
      bytes += measure.chars * (isWide ? 2 : 1);
      sizes.totalChars += measure.chars;
      sizes.totalLines += measure.lines;
      if (sizes.sourceChars.length < shownSources) {
        sizes.sourceChars.push(measure.chars);
      }
      sizes.preview += decodeStart(source, previewChars - sizes.preview.length);
    }
    return { sizes, addresses, bytes };
  }

  #execute(step: RewrittenStep, number: number): StepEnd {
    const engine = this.#engine;
    const extraBytes = this.#reserve();
    const completion = engine.evaluate(step.code, `<step ${number}>`, step.isAsync);
    this.#runJobs();
    const isFull = (step.isAsync || !completion.ok) && !this.#hasRoom();
    this.#limitMemory(extraBytes + reserveBytes);
    if (this.#interruption.happened) {
      engine.discardJobs();
      engine.free(completion.ok ? completion.value : completion.error);
      return { kind: 'failure', failure: this.#interruptedFailure() };
    }
    if (!completion.ok) {
      return { kind: 'failure', failure: this.#describe(completion.error, number, isFull) };
    }
    if (!step.isAsync) {
      return this.#toEnd(completion.value, step);
    }
    const state = engine.promiseState(completion.value);
    if (state === 'pending') {
      engine.free(completion.value);
      const message = 'A top-level await waits for what can never happen: nothing is left to run.';
      return { kind: 'failure', failure: createFailure('Error', message) };
    }
    const settled = engine.promiseResult(completion.value);
    engine.free(completion.value);
    if (state === 'rejected') {
      return { kind: 'failure', failure: this.#describe(settled, number, isFull) };
    }
    const value = engine.getProperty(settled, 'value');
    engine.free(settled);
    return this.#toEnd(value, step);
  }

  #toEnd(value: Value, step: RewrittenStep): StepEnd {
    if (step.hasResult) {
      return { kind: 'value', result: value };
    }
    // The value of a statement that is no expression is nobody's business.
    this.#engine.free(value);
    return { kind: 'value', result: this.#engine.createUndefined() };
  }

  #runJobs(): void {
    while (this.#engine.hasJobs && !this.#interruption.check()) {
      this.#engine.runJobs(jobBatch);
    }
  }

  /** Output, result and variables; where even looking at them is interrupted, as far as it came. */
  #finish(
    end: StepEnd,
    declared: readonly string[],
    mentioned: readonly string[],
  ): Omit<GuestOutcome, 'durationMs'> {
    this.#interruption.reset();
    this.#interruption.clear();
    let error = end.kind === 'failure' ? end.failure : null;
    let result: string | null = null;
    if (end.kind === 'value') {
      result = this.#readJson<string | null>(this.#call('showResult', end.result)) ?? null;
    }
    const output = this.#ask<Output>('takeOutput', declared);
    const variables = this.#ask<Variables>('compare', mentioned);
    if (this.#interruption.happened) {
      error ??= this.#interruptedFailure();
      this.#engine.discardJobs();
    }
    this.#variables = variables?.variables ?? this.#variables;
    return {
      ...(output ?? { stdout: '', stderr: '', droppedChars: 0, finalAnswer: null }),
      result,
      error,
      variables: [...this.#variables],
      changes: variables?.changes ?? [],
    };
  }

  /** The variables that a step can reach by the names in it, through what those declare. */
  #reach(step: RewrittenStep): string[] {
    for (const [name, mentions] of step.declarations) {
      this.#declarations.set(name, mentions);
    }
    const reached = new Set(step.mentions);
    for (const name of reached) {
      this.#declarations.get(name)?.forEach((other) => reached.add(other));
    }
    return this.#variables.filter((name) => reached.has(name));
  }

  #describe(error: Value, step: number, isFull: boolean): StepFailure {
    const described = this.#readJson<GuestError>(this.#call('describeError', error));
    if (!described) {
      return createFailure('Error', 'The code threw what cannot be described.');
    }
    // Without room for an error of its own, the engine throws null.
    const isBareNull = described.type === 'null' && isFull;
    if (!isBareNull && !(described.message === 'out of memory' && described.stack !== '')) {
      return toStepFailure(described, step);
    }
    const limit = Math.round(this.#maxMemoryBytes / mebibyte);
    const message = `out of memory: the code's own values may take ${limit} MB beside the context`;
    return toStepFailure({ type: 'InternalError', message, stack: described.stack }, step);
  }

  #interruptedFailure(): StepFailure {
    return createFailure('Interrupted', 'The step was interrupted.');
  }

  /** Sends a call of the running code out, and waits for its reply. JSON in, JSON out. */
  #askOutside(frame: string): string {
    const running = this.#running;
    if (running === null) {
      const message = 'Calls to the host are possible only while a step runs.';
      return JSON.stringify({ error: { code: 'INVALID_INPUT', message } });
    }
    const call = running.nextCall++;
    const header = JSON.stringify({ kind: 'call', id: running.id, call });
    this.#options.pump.send(`${header.slice(0, -1)},${frame.slice(1)}`);
    const reply = this.#options.pump.receive();
    if (reply.kind !== 'reply' || reply.call !== call) {
      throw new Error(`A ${reply.kind} came where the reply to call ${call} was expected.`);
    }
    if ('interrupted' in reply) {
      Atomics.store(this.#options.interrupt, 0, interruptRequested);
    }
    return JSON.stringify(reply);
  }

  #ask<T>(name: GuestFunction, parameters: unknown): T | undefined {
    return this.#readJson<T>(
      this.#call(name, this.#engine.createString(JSON.stringify(parameters))),
    );
  }

  /** Calls one of the runner's own functions, and lets go of `argument`. */
  #call(name: GuestFunction, argument: Value): Completion {
    const callee = this.#functions.get(name);
    if (callee === undefined) {
      throw new Error(`The guest has no ${name}.`);
    }
    const completion = this.#engine.call(callee, argument);
    this.#engine.free(argument);
    return completion;
  }

  /** Undefined when the call failed, gave nothing, or its answer does not fit into memory. */
  #readJson<T>(completion: Completion): T | undefined {
    if (!completion.ok) {
      this.#engine.free(completion.error);
      return undefined;
    }
    const text = this.#engine.readString(completion.value);
    this.#engine.free(completion.value);
    return text === undefined || text === 'undefined' ? undefined : (JSON.parse(text) as T); // the runner's own JSON
  }

  #require(completion: Completion): Value {
    if (!completion.ok) {
      throw new Error(
        `The guest does not start: ${this.#engine.readString(completion.error) ?? ''}`,
      );
    }
    return completion.value;
  }

  /** Raises the limit until a step has room to let go of memory; the bytes beyond the usual limit. */
  #reserve(): number {
    let extraBytes = 0;
    this.#limitMemory(extraBytes);
    while (!this.#hasRoom() && extraBytes < reserveBytes) {
      extraBytes += mebibyte;
      this.#limitMemory(extraBytes);
    }
    return extraBytes;
  }

  #hasRoom(): boolean {
    const reserved = this.#call('reserve', this.#engine.createUndefined());
    this.#engine.free(reserved.ok ? reserved.value : reserved.error);
    return reserved.ok;
  }

  #limitMemory(extraBytes: number): void {
    const contextBytes = [...this.#contextBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const bytes = runnerBytes + contextBytes + this.#maxMemoryBytes + extraBytes;
    this.#engine.limitMemory(bytes, bytes + slackBytes);
  }
}

/** The shared byte that asks running code to stop, and whether some code has seen it. */
class Interruption {
  readonly #byte: Uint8Array;
  #happened = false;

  constructor(byte: Uint8Array) {
    this.#byte = byte;
  }

  get happened(): boolean {
    return this.#happened;
  }

  /** Once seen, it holds until `reset`, even when the host takes it back. */
  check(): boolean {
    this.#happened ||= Atomics.load(this.#byte, 0) === interruptRequested;
    return this.#happened;
  }

  reset(): void {
    this.#happened = false;
  }

  /** Answers the request, so that what follows is not interrupted by it. */
  clear(): void {
    Atomics.store(this.#byte, 0, 0);
  }
}
