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
import { type ComparedVariables, toComparisonNote } from './comparisonNote';
import { explainDeclarations } from './declarationErrors';
import { checkEngine } from './engineCheck';
import { FileCalls } from './fileCalls';
import { GuestContexts } from './guestContexts';
import { GuestMemory, mebibyte } from './guestMemory';
import { GuestRepl } from './guestRepl';
import type { GuestTree } from './guestTree';
import { Interruption } from './interruption';
import type { MessagePump } from './messagePump';
import { OutsideCalls } from './outsideCalls';
import { QuickJs, type Value } from './quickJs';
import { type RewrittenStep, rewriteStep } from './rewriteStep';
import { type StepEnd, StepEnds, createInterruptedFailure } from './stepEnds';
import { type StepFailure, createFailure, createSyntaxFailure } from './stepFailure';
import { StepNames } from './stepNames';

type ContextSizes = Extract<FromWorker, { kind: 'loaded' }>['sizes'];
type VariableValue = Extract<FromWorker, { kind: 'value' }>['value'];

const unreadable = {
  type: 'unreadable',
  text: '',
  form: 'repr',
  totalChars: 0,
  incomplete: 'it takes more time or memory than there is',
} as const;
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

const noDeclarations = { lexical: [], constants: [], renewed: [], others: [] };

interface GuestOptions {
  readonly wasmModule: WebAssembly.Module;
  readonly pump: MessagePump;
  readonly interrupt: WorkerInit<unknown>['interrupt'];
  readonly maxMemoryBytes: number;
  readonly tree: GuestTree;
}

/** Jobs between two looks at the interrupt byte. */
const jobBatch = 100;
export class JavascriptGuest {
  readonly #engine: QuickJs;
  readonly #calls: OutsideCalls;
  readonly #interruption: Interruption;
  readonly #repl: GuestRepl;
  readonly #contexts: GuestContexts;
  readonly #memory: GuestMemory;
  readonly #names = new StepNames();
  readonly #ends: StepEnds;

  private constructor(engine: QuickJs, interruption: Interruption, options: GuestOptions) {
    this.#engine = engine;
    this.#calls = new OutsideCalls(options.pump, interruption);
    this.#interruption = interruption;
    const files = new FileCalls(options.tree);
    this.#repl = new GuestRepl(engine, {
      askOutside: (frame) => this.#calls.ask(frame),
      takeBytes: () => this.#calls.takeBytes(),
      askFiles: (call, content) => files.answer(call, content),
      takeFileBytes: () => files.takeBytes(),
      findText: (address) => this.#contexts.findText(address),
    });
    this.#contexts = new GuestContexts(engine, this.#repl);
    this.#memory = new GuestMemory(engine, options.maxMemoryBytes);
    this.#ends = new StepEnds(this.#repl, engine.promises, this.#memory);
  }

  static async create(options: GuestOptions): Promise<JavascriptGuest> {
    const interruption = new Interruption(options.interrupt);
    const engine = await QuickJs.create({
      wasmModule: options.wasmModule,
      shouldInterrupt: () => interruption.check(),
    });
    checkEngine(engine);
    return new JavascriptGuest(engine, interruption, options);
  }

  /** Null when the context does not fit into memory; nothing has changed then. */
  load(message: LoadMessage): ContextSizes {
    this.#interruption.reset();
    this.#memory.openForLoad();
    const loaded = this.#contexts.load(message);
    if (loaded) {
      this.#names.load(message.variable);
      this.#memory.addContext(message.variable, loaded.bytes, message.maxMemoryBytes);
    }
    this.#memory.openReserve();
    return loaded?.sizes ?? null;
  }

  run(message: RunMessage): GuestOutcome {
    const started = performance.now();
    this.#interruption.reset();
    this.#calls.begin(message.id);
    const step = rewriteStep(message.code, message.step, this.#names);
    const declared = step.kind === 'step' ? step.declared : noDeclarations;
    this.#engine.promises.reset();
    this.#repl.ask('begin', { maxOutputChars: message.maxOutputChars, declared });
    const outcome =
      step.kind === 'step'
        ? this.#finish(this.#execute(step, message.step), message.step, step)
        : this.#finish(
            { kind: 'failure', failure: createSyntaxFailure(step, message.step) },
            message.step,
            null,
          );
    this.#calls.end();
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
    while (interrupted === null && engine.hasJobs && !this.#interruption.check()) {
      const error = engine.runJobs(jobBatch);
      if (this.#interruption.happened) {
        interrupted = error;
      } else if (error !== null) {
        engine.free(error); // of a job without room for its own: its promise stays pending
      }
    }
    const isFull = this.#memory.wasRefused;
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
      const failure = isFull ? this.#ends.createFullFailure() : createFailure('Error', message);
      return { kind: 'failure', failure };
    }
    if (!settled.ok) {
      return { kind: 'thrown', error: settled.error, isFull };
    }
    if (step.hasResult) {
      return { kind: 'value', result: settled.value, isFull };
    }
    engine.free(settled.value); // of a statement that is no expression
    return { kind: 'value', result: engine.createUndefined(), isFull };
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
    const declared = step?.declared ?? noDeclarations;
    this.#names.declare(declared, unreached);
    const { constants, variables: earlier } = this.#names;
    const explain = (failure: StepFailure | null): StepFailure | null =>
      failure && explainDeclarations(failure, { declared, constants, earlier });
    let error = explain(this.#ends.toFailure(end, number));
    const shown = end.kind === 'value' ? repl.call('showResult', end.result) : null;
    const result = shown && repl.readJson<ShownResult>(shown);
    const left = this.#ends.takeLeftovers(end, number);
    error ??= explain(left.failure);
    const output = repl.ask<Output>('takeOutput', { notes: left.notes });
    this.#engine.hashes.beginStep();
    const variables = repl.ask<ComparedVariables>('compare', step ? this.#names.reach(step) : []);
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
    this.#names.list(variables);
    const { isAbridged, ...written } = output ?? noOutput;
    const abridged = { ...isAbridged, result: result?.isAbridged === true };
    return {
      ...written,
      stderr: written.stderr + toComparisonNote(variables),
      dropped: { ...written.dropped, result: result?.dropped ?? 0 },
      abridged: outputFields.filter((field) => abridged[field]),
      result: result?.text ?? null,
      error,
      variables: [...this.#names.variables],
      changes: variables?.changes ?? [],
    };
  }
}
