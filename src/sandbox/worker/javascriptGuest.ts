// One QuickJS guest with a REPL inside: loads contexts, runs steps, reads variables. Of what comes
// out of the guest only the JSON is read here; the sandbox process checks every message again.

import { outputFields } from '../../core/sandbox';
import type {
  FromWorker,
  GuestOutcome,
  LoadMessage,
  ReadMessage,
  RunMessage,
  WorkerInit,
} from '../../protocol/worker';
import type { Declarations } from './declarations';
import { GuestContexts } from './guestContexts';
import { GuestMemory, mebibyte } from './guestMemory';
import { GuestRepl } from './guestRepl';
import { Interruption } from './interruption';
import type { MessagePump } from './messagePump';
import { QuickJs, type Value } from './quickJs';
import { type RewrittenStep, rewriteStep } from './rewriteStep';
import {
  type GuestError,
  type StepFailure,
  createFailure,
  createSyntaxFailure,
  toStepFailure,
} from './stepFailure';

type ContextSizes = Extract<FromWorker, { kind: 'loaded' }>['sizes'];
type VariableValue = Extract<FromWorker, { kind: 'value' }>['value'];

const unreadable = {
  type: 'unreadable',
  text: '',
  form: 'repr',
  totalChars: 0,
  incomplete: 'it takes more time or memory than there is',
} as const;
/** `unseen`: names of variables that are too large to be compared whole. */
type Variables = Pick<GuestOutcome, 'variables' | 'changes'> & { readonly unseen: string };
type Output = Pick<GuestOutcome, 'stdout' | 'stderr' | 'finalAnswer'> & {
  readonly dropped: Pick<GuestOutcome['dropped'], 'stdout' | 'stderr'>;
  readonly isAbridged: Readonly<Record<'stdout' | 'stderr', boolean>>;
};

interface ShownResult {
  readonly text: string | null;
  readonly dropped: number;
  readonly isAbridged: boolean;
}

const noOutput: Output = {
  stdout: '',
  stderr: '',
  dropped: { stdout: 0, stderr: 0 },
  isAbridged: { stdout: false, stderr: false },
  finalAnswer: null,
};

const noDeclarations = { lexical: [], others: [] };

interface GuestOptions {
  readonly wasmModule: WebAssembly.Module;
  readonly pump: MessagePump;
  readonly interrupt: WorkerInit<unknown>['interrupt'];
  readonly maxMemoryBytes: number;
}

/** How a step's code ended; `result` is the value of its last expression. */
type StepEnd =
  | { readonly kind: 'value'; readonly result: Value }
  | { readonly kind: 'thrown'; readonly error: Value; readonly isFull: boolean }
  | { readonly kind: 'interrupted'; readonly error: Value | null }
  | { readonly kind: 'failure'; readonly failure: StepFailure };

/** Jobs between two looks at the interrupt byte. */
const jobBatch = 100;
/** A longer call would hold up the other sessions of the sandbox process. */
const maxFrameChars = 64 * mebibyte;

export class JavascriptGuest {
  readonly #engine: QuickJs;
  readonly #pump: MessagePump;
  readonly #interruption: Interruption;
  readonly #repl: GuestRepl;
  readonly #contexts: GuestContexts;
  readonly #memory: GuestMemory;
  /** What the declarations of all steps mention, by the declared name. */
  readonly #declarations = new Map<string, ReadonlySet<string>>();
  /** Variables that were declared with `const`. */
  readonly #constants = new Set<string>();
  #variables: readonly string[] = [];
  #running: { readonly id: string; nextCall: number } | null = null;
  /** Of the last reply. */
  #replyBytes: Uint8Array = new Uint8Array();

  private constructor(engine: QuickJs, interruption: Interruption, options: GuestOptions) {
    this.#engine = engine;
    this.#pump = options.pump;
    this.#interruption = interruption;
    this.#repl = new GuestRepl(engine, {
      askOutside: (frame) => this.#askOutside(frame),
      takeBytes: () => this.#takeBytes(),
      findText: (address) => this.#contexts.findText(address),
    });
    this.#contexts = new GuestContexts(engine, this.#repl);
    this.#memory = new GuestMemory(engine, options.maxMemoryBytes);
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
  load(message: LoadMessage): ContextSizes {
    this.#interruption.reset();
    this.#memory.openForLoad();
    const loaded = this.#contexts.load(message);
    if (loaded) {
      this.#memory.addContext(message.variable, loaded.bytes, message.maxMemoryBytes);
    }
    this.#memory.openReserve();
    return loaded?.sizes ?? null;
  }

  run(message: RunMessage): GuestOutcome {
    const started = performance.now();
    this.#interruption.reset();
    this.#running = { id: message.id, nextCall: 0 };
    const step = rewriteStep(message.code, message.step, this.#constants);
    const { lexical, others } = step.kind === 'step' ? step.declared : noDeclarations;
    this.#engine.promises.reset();
    this.#repl.ask('begin', { maxOutputChars: message.maxOutputChars, lexical, others });
    const outcome =
      step.kind === 'step'
        ? this.#finish(this.#execute(step, message.step), message.step, step)
        : this.#finish(
            { kind: 'failure', failure: createSyntaxFailure(step, message.step) },
            message.step,
            null,
          );
    this.#running = null;
    return { ...outcome, durationMs: performance.now() - started };
  }

  read(message: ReadMessage): VariableValue {
    this.#interruption.reset();
    const { name, offset, maxChars } = message;
    const value = this.#repl.ask<VariableValue>('read', { name, offset, maxChars });
    this.#engine.discardJobs();
    this.#interruption.clear();
    return value === undefined ? unreadable : value;
  }

  #execute(step: RewrittenStep, number: number): StepEnd {
    const engine = this.#engine;
    this.#memory.openForStep();
    engine.polls.begin();
    const completion = engine.evaluate(step.code, `<step ${number}>`, step.isAsync);
    let interrupted: Value | null = null;
    while (engine.hasJobs && !this.#interruption.check()) {
      interrupted ??= engine.runJobs(jobBatch);
    }
    const isFull = (step.isAsync || !completion.ok) && this.#memory.wasRefused;
    this.#memory.openReserve();
    if (this.#interruption.happened) {
      engine.discardJobs();
      if (!completion.ok) {
        return { kind: 'interrupted', error: completion.error };
      }
      engine.free(completion.value);
      return { kind: 'interrupted', error: interrupted };
    }
    const settled = completion.ok && step.isAsync ? this.#settle(completion.value) : completion;
    if (settled === null) {
      const message = 'A top-level await waits for what can never happen: nothing is left to run.';
      return { kind: 'failure', failure: createFailure('Error', message) };
    }
    if (!settled.ok) {
      return { kind: 'thrown', error: settled.error, isFull };
    }
    if (step.hasResult) {
      return { kind: 'value', result: settled.value };
    }
    engine.free(settled.value); // of a statement that is no expression
    return { kind: 'value', result: engine.createUndefined() };
  }

  /** What an asynchronous script came to; null when it never will. */
  #settle(
    promise: Value,
  ): { readonly ok: true; value: Value } | { readonly ok: false; error: Value } | null {
    const engine = this.#engine;
    const state = engine.promiseState(promise);
    const settled = engine.promiseResult(promise);
    engine.promises.markHandled(promise);
    engine.free(promise);
    if (state === 'rejected') {
      return { ok: false, error: settled };
    }
    const value = state === 'fulfilled' ? engine.getProperty(settled, 'value') : null;
    engine.free(settled);
    return value === null ? null : { ok: true, value };
  }

  /** Output, result and variables; where even looking at them is interrupted, as far as it came. */
  #finish(
    end: StepEnd,
    number: number,
    step: RewrittenStep | null,
  ): Omit<GuestOutcome, 'durationMs'> {
    const repl = this.#repl;
    this.#interruption.reset();
    this.#interruption.clear();
    const unreached = repl.ask<readonly string[]>('restore', null) ?? [];
    if (step) {
      this.#noteConstants(step.declared, unreached);
    }
    let error = this.#toFailure(end, number);
    const shown = end.kind === 'value' ? repl.call('showResult', end.result) : null;
    const result = shown && repl.readJson<ShownResult>(shown);
    const left = this.#takeLeftovers(end, number);
    error ??= left.failure;
    const output = repl.ask<Output>('takeOutput', { notes: left.notes });
    this.#engine.hashes.beginStep();
    const variables = repl.ask<Variables>('compare', step ? this.#reach(step) : []);
    if (!output && !this.#interruption.happened) {
      const limit = Math.round(this.#memory.maxBytes / mebibyte);
      throw new Error(
        `The code has used up all memory, ${limit} MB (max_memory_mb), and the reserve with it.`,
      );
    }
    if (this.#interruption.happened) {
      error ??= createInterruptedFailure();
      this.#engine.discardJobs();
    }
    this.#variables = variables?.variables ?? this.#variables;
    for (const name of [...this.#constants].filter((one) => !this.#variables.includes(one))) {
      this.#constants.delete(name); // the code has removed it
    }
    const { isAbridged, ...written } = output ?? noOutput;
    const abridged = { ...isAbridged, result: result?.isAbridged === true };
    return {
      ...written,
      stderr: written.stderr + toComparisonNote(variables),
      dropped: { ...written.dropped, result: result?.dropped ?? 0 },
      abridged: outputFields.filter((field) => abridged[field]),
      result: result?.text ?? null,
      error,
      variables: [...this.#variables],
      changes: variables?.changes ?? [],
    };
  }

  #noteConstants(declared: Declarations, unreached: readonly string[]): void {
    const reached = declared.lexical.filter((name) => !unreached.includes(name));
    for (const name of [...reached, ...declared.others]) {
      this.#constants.delete(name);
    }
    for (const name of reached.filter((one) => declared.constants.includes(one))) {
      this.#constants.add(name);
    }
  }

  #toFailure(end: StepEnd, number: number): StepFailure | null {
    switch (end.kind) {
      case 'value':
        return null;
      case 'failure':
        return end.failure;
      case 'thrown':
        return this.#describe(end.error, number, end.isFull);
      case 'interrupted': {
        const place = end.error === null ? null : this.#describe(end.error, number, false);
        return { ...createInterruptedFailure(), line: place?.line ?? null };
      }
    }
  }

  /** What the code has left behind: errors that nobody has heard of, and promises that nothing settles. */
  #takeLeftovers(
    end: StepEnd,
    number: number,
  ): { readonly failure: StepFailure | null; readonly notes: readonly string[] } {
    const { promises } = this.#engine;
    const rejections = promises.takeRejections();
    const pending = promises.takePending();
    if (rejections) {
      this.#repl.ask('endStatements', null); // the last one has nothing to do with it
      const failure =
        rejections.reason === null
          ? createFailure(
              'Error',
              'Promises failed that nothing awaits; their errors were not kept.',
            )
          : this.#describe(rejections.reason, number, false);
      const isOnly = end.kind === 'value';
      return {
        failure: isOnly ? failure : null,
        notes: [toRejectionNote(failure, rejections.count)],
      };
    }
    return {
      failure: null,
      notes: end.kind === 'value' && pending > 0 ? [toPendingNote(pending)] : [],
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
    const described = this.#repl.readJson<GuestError>(this.#repl.call('describeError', error));
    if (!described) {
      return createFailure('Error', 'The code threw what cannot be described.');
    }
    // Without room for an error of its own, the engine throws null.
    const isBareNull = described.type === 'null' && isFull && described.place.thrownAt === '';
    if (!isBareNull && !(described.message === 'out of memory' && described.stack !== '')) {
      return toStepFailure(described, step);
    }
    const limit = Math.round(this.#memory.maxBytes / mebibyte);
    const message = `out of memory: the code's own values may take ${limit} MB beside the context (max_memory_mb). Keep less at a time, or open a session with a larger max_memory_mb`;
    return toStepFailure({ ...described, type: 'InternalError', message }, step);
  }

  /** Sends a call of the running code out, and waits for its reply. */
  #askOutside(frame: string): string {
    const running = this.#running;
    if (running === null) {
      return refuseCall('Calls to the host are possible only while a step runs.');
    }
    if (frame.length > maxFrameChars) {
      return refuseCall('What is sent to the host is too large.');
    }
    const call = running.nextCall++;
    const header = JSON.stringify({ kind: 'call', id: running.id, call });
    // Ours comes last: of a key given twice, the last one counts.
    this.#pump.send(`${frame.slice(0, -1)},${header.slice(1)}`);
    const reply = this.#pump.receive();
    if (reply.kind !== 'reply' || reply.call !== call) {
      throw new Error(`A ${reply.kind} came where the reply to call ${call} was expected.`);
    }
    if ('interrupted' in reply) {
      this.#interruption.request();
    }
    if (!('bytes' in reply) || reply.bytes === undefined) {
      return JSON.stringify(reply);
    }
    const { bytes, ...rest } = reply;
    this.#replyBytes = bytes;
    return JSON.stringify({ ...rest, byteLength: bytes.length });
  }

  #takeBytes(): Uint8Array {
    const bytes = this.#replyBytes;
    this.#replyBytes = new Uint8Array();
    return bytes;
  }
}

function refuseCall(message: string): string {
  return JSON.stringify({ error: { code: 'INVALID_INPUT', message } });
}

function toRejectionNote({ type, message, line }: StepFailure, count: number): string {
  const place = line === null ? '' : ` (line ${line})`;
  const more = count === 1 ? '' : `, and ${count - 1} more`;
  return `note: nothing awaits the promise that failed with ${type}: ${message.slice(0, 500)}${place}${more}`;
}

function toComparisonNote(variables: Variables | undefined): string {
  if (variables === undefined) {
    return 'note: there was no memory or time to tell which variables changed; a later step tells it\n';
  }
  return variables.unseen === ''
    ? ''
    : `note: too large to be compared whole, so that changes of few items may go unnoticed: ${variables.unseen}\n`;
}

function toPendingNote(count: number): string {
  const promises = count === 1 ? 'a promise is' : `${count} promises are`;
  return `note: ${promises} still pending: code that awaits such a promise has not run to its end`;
}

function createInterruptedFailure(): StepFailure {
  return createFailure('Interrupted', 'The step was interrupted.');
}
