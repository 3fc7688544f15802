// The JavaScript guest on Node: loads contexts, runs steps, reads variables. As javascriptGuest.ts, but that code which
// awaits may wait for what the system does: then the event loop goes round until it has its answer.

import { outputFields } from '../../../core/sandbox';
import type { FromWorker, GuestOutcome, ReadMessage, RunMessage } from '../../../protocol/worker';
import { type ComparedVariables, toComparisonNote } from '../../worker/comparisonNote';
import { explainDeclarations } from '../../worker/declarationErrors';
import { type RewrittenStep, rewriteStep } from '../../worker/rewriteStep';
import { createFailure, createSyntaxFailure, type StepFailure } from '../../worker/stepFailure';
import { StepNames } from '../../worker/stepNames';
import { ByteChannel } from './byteChannel';
import { NodeCalls } from './nodeCalls';
import { NodeEnds, type NodeEnd } from './nodeEnds';
import type { NodeHost } from './nodeHost';
import { type NodeLoad, NodeMessages } from './nodeMessages';
import { type NodeOutput, addStreams } from './nodeOutput';
import { NodePromises } from './nodePromises';
import { NodeRepl } from './nodeRepl';
import { NodeTasks } from './nodeTasks';
import { assembleForV8 } from './scriptsForV8';
import { ValueHashV8 } from './valueHashV8';

type VariableValue = Extract<FromWorker, { kind: 'value' }>['value'];

const previewChars = 500;
const shownSources = 50;
const noDeclarations = { lexical: [], constants: [], renewed: [], others: [] };
const unreadable = {
  type: 'unreadable',
  text: '',
  form: 'repr',
  totalChars: 0,
  incomplete: 'it takes more time or memory than there is',
} as const;

interface RunningStep {
  readonly message: RunMessage;
  readonly step: RewrittenStep | null;
  readonly startedAt: number;
}

export class NodeGuest {
  readonly #host: NodeHost;
  readonly #messages: NodeMessages;
  readonly #calls: NodeCalls;
  readonly #hashes: ValueHashV8;
  readonly #promises: NodePromises;
  readonly #repl: NodeRepl;
  readonly #tasks: NodeTasks;
  readonly #ends: NodeEnds;
  readonly #names = new StepNames();

  constructor(host: NodeHost) {
    const channel = new ByteChannel(host);
    this.#host = host;
    this.#messages = new NodeMessages(host, channel);
    this.#calls = new NodeCalls(this.#messages, channel);
    this.#hashes = new ValueHashV8(host.realm);
    this.#repl = new NodeRepl({
      host,
      hashes: this.#hashes,
      askOutside: (frame) => this.#calls.ask(frame),
      takeBytes: () => this.#calls.takeBytes(),
    });
    this.#promises = new NodePromises(host);
    this.#tasks = new NodeTasks(host, channel, this.#promises);
    this.#ends = new NodeEnds(this.#repl, this.#promises);
  }

  /** Answers messages until one has to wait for what the event loop brings. */
  serve(): void {
    for (;;) {
      const message = this.#messages.receive();
      switch (message.kind) {
        case 'load':
          this.#send({ kind: 'loaded', id: message.id, sizes: this.#load(message) });
          break;
        case 'run':
          if (!this.#begin(message)) {
            return; // it goes on when the step has ended
          }
          break;
        case 'read':
          this.#send({ kind: 'value', id: message.id, value: this.#read(message) });
          break;
        case 'files':
        case 'reply':
          throw new Error(`A ${message.kind} came, which nothing waits for.`);
      }
    }
  }

  ready(): void {
    this.#send({ kind: 'ready', detail: `Node.js ${this.#host.version}` });
  }

  #load(message: NodeLoad): Extract<FromWorker, { kind: 'loaded' }>['sizes'] {
    const { variable, contextIndex, shape, texts } = message;
    if (texts === null) {
      return null;
    }
    const sizes = { totalChars: 0, totalLines: 0, sourceChars: [] as number[], preview: '' };
    for (const { text, lines } of texts) {
      this.#hashes.addLoaded(text);
      this.#repl.call('takeText', text);
      sizes.totalChars += text.length;
      sizes.totalLines += lines;
      if (sizes.sourceChars.length < shownSources) {
        sizes.sourceChars.push(text.length);
      }
      const start = text.slice(0, Math.max(previewChars - sizes.preview.length, 0));
      sizes.preview += start.replace(/[\ud800-\udbff]$/, '');
    }
    const names = texts.map(({ path }) => path);
    const paths = shape === 'string' ? null : names;
    this.#repl.ask('commitContext', { variable, contextIndex, paths, names });
    this.#names.load(variable);
    return sizes;
  }

  #read({ name, offset, maxChars }: ReadMessage): VariableValue {
    let value: VariableValue | undefined;
    this.#tasks.guard(() => {
      value = this.#repl.ask<VariableValue>('read', { name, offset, maxChars });
    });
    return value === undefined ? unreadable : value;
  }

  /** Whether the step has ended; else the event loop is to go on. */
  #begin(message: RunMessage): boolean {
    const startedAt = this.#host.now();
    const { code, step: number, maxOutputChars } = message;
    const rewritten = rewriteStep(code, number, this.#names, assembleForV8);
    const step = rewritten.kind === 'step' ? rewritten : null;
    const running = { message, step, startedAt };
    this.#calls.begin(message.id);
    this.#ends.begin(number, code);
    this.#repl.ask('begin', { maxOutputChars, declared: step?.declared ?? noDeclarations });
    if (rewritten.kind !== 'step') {
      const failure = createSyntaxFailure(rewritten, number);
      this.#finish(running, { kind: 'failure', failure });
      return true;
    }
    const end = this.#tasks.run(rewritten, number);
    if (end !== null) {
      this.#finish(running, end);
      return true;
    }
    this.#tasks.whenEnded((late) => {
      this.#finish(running, late);
      this.serve();
    });
    return false;
  }

  #finish({ message, step, startedAt }: RunningStep, end: NodeEnd): void {
    const { id, step: number, maxOutputChars } = message;
    const outcome = this.#describe(end, number, step);
    this.#calls.end();
    const durationMs = this.#host.now() - startedAt;
    const streams = [1, 2].map((file) => this.#host.takeStream(file, 4 * maxOutputChars));
    const full = addStreams(outcome, streams, maxOutputChars);
    this.#send({ kind: 'ran', id, outcome: { ...full, durationMs } });
  }

  /** Output, result and variables; where even looking at them is interrupted, as far as it came. */
  #describe(
    end: NodeEnd,
    number: number,
    step: RewrittenStep | null,
  ): Omit<GuestOutcome, 'durationMs'> {
    const repl = this.#repl;
    const unreached = repl.ask<readonly string[]>('restore', null) ?? [];
    const declared = step?.declared ?? noDeclarations;
    this.#names.declare(declared, unreached);
    const { constants, variables: earlier } = this.#names;
    const explain = (failure: StepFailure | null): StepFailure | null =>
      failure && explainDeclarations(failure, { declared, constants, earlier });
    let error = explain(this.#ends.toFailure(end, number));
    let shown: NodeOutput['shown'];
    let variables: ComparedVariables | undefined;
    const isShown =
      end.kind !== 'value' ||
      this.#tasks.guard(() => {
        shown = repl.call('showResult', end.result);
      });
    const left = this.#ends.takeLeftovers(end, number);
    error ??= explain(left.failure);
    const output = repl.ask<NodeOutput['output']>('takeOutput', { notes: left.notes });
    this.#hashes.beginStep();
    const isCompared = this.#tasks.guard(() => {
      variables = repl.ask('compare', step ? this.#names.reach(step) : []);
    });
    if (!output) {
      throw new Error('The runner did not tell what the code has written.');
    }
    if (!isShown || !isCompared) {
      error ??= createFailure('Interrupted', 'The step was interrupted.');
    }
    this.#names.list(variables);
    const { isAbridged, ...written } = output;
    const abridged = { ...isAbridged, result: shown?.isAbridged === true };
    return {
      ...written,
      stderr: written.stderr + toComparisonNote(variables),
      dropped: { ...written.dropped, result: shown?.dropped ?? 0 },
      abridged: outputFields.filter((field) => abridged[field]),
      result: shown?.text ?? null,
      error,
      variables: [...this.#names.variables],
      changes: variables?.changes ?? [],
    };
  }

  #send(message: FromWorker): void {
    this.#messages.send(JSON.stringify(message));
  }
}

/** Called by nodeStart.guest.txt. */
export function serve(host: NodeHost): void {
  const guest = new NodeGuest(host);
  guest.ready();
  host.loadModules(); // while whoever waits for it hears so
  guest.serve();
}
