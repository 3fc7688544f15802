// A sandbox in the test's own process: runs JavaScript in a vm context. It walls off nothing.

import vm from 'node:vm';
import { onAbort } from '../../src/base/abort';
import { Emitter } from '../../src/base/emitter';
import { RlmError } from '../../src/core/errors';
import {
  type ContextLoad,
  type ContextSizes,
  type Language,
  type Outcome,
  type Sandbox,
  type StepRequest,
  type VariableRequest,
  type VariableValue,
  unrecordedPlace,
} from '../../src/core/sandbox';
import type { FileReply, FileRequest } from '../../src/core/sandboxFiles';
import type { FakeClock } from './fakeClock';
import { createOutcome } from './sampleTrace';

const maxContextBytes = 1_000_000;

export class FakeSandbox implements Sandbox {
  readonly language: Language;
  readonly place = unrecordedPlace;
  readonly #clock: FakeClock;
  readonly #died = new Emitter<string>();
  readonly onDidDie = this.#died.event;
  readonly #globals = vm.createContext({});
  readonly #contexts = new Set<string>();
  #printed = '';
  #answer: string | null = null;
  /** Fires when a step has begun to wait in `sleep`. */
  readonly #slept = new Emitter<void>();
  readonly onDidSleep = this.#slept.event;
  readonly #wake = new Emitter<void>();

  constructor(language: Language, clock: FakeClock) {
    this.language = language;
    this.#clock = clock;
    const offered = {
      print: (...values: unknown[]) => {
        this.#printed += `${values.map(String).join(' ')}\n`;
      },
      FINAL: (answer: unknown) => {
        this.#answer = String(answer);
      },
    };
    Object.assign(this.#globals, offered);
    Object.keys(offered).forEach((name) =>
      Object.defineProperty(this.#globals, name, { enumerable: false }),
    );
  }

  /** Ends every `sleep`. */
  wake(): void {
    this.#wake.fire();
  }

  holdClock() {
    return { dispose() {} };
  }

  /** Answers what is asked of files; refused where it is not set. */
  fileScript: (request: FileRequest) => Promise<Partial<FileReply>> = async () => ({});

  async runFileOperation(request: FileRequest): Promise<FileReply> {
    const message = 'a fake has no files';
    const answer = { kind: 'refused', reason: 'unsupported', message } as const;
    const scripted = await this.fileScript(request);
    return { answer, interruption: null, filesLost: false, ...scripted };
  }

  die(reason: string): void {
    this.#died.fire(reason);
  }

  async loadContext({ variable, write }: ContextLoad): Promise<ContextSizes> {
    const sources: { path: string; chunks: Uint8Array[] }[] = [];
    const shape = await write({
      expect: async () => undefined,
      beginSource: async (path) => void sources.push({ path, chunks: [] }),
      write: async (bytes) => void sources.at(-1)?.chunks.push(bytes.slice()),
      restartSource: async () => void sources.at(-1)?.chunks.splice(0),
    });
    const texts = sources.map(({ path, chunks }) => ({
      path,
      text: Buffer.concat(chunks).toString(),
    }));
    const whole = texts.map(({ text }) => text).join('');
    if (whole.length > maxContextBytes) {
      throw new RlmError('CONTEXT_TOO_LARGE', `${whole.length} characters do not fit.`, {
        nextStep: 'Load less.',
      });
    }
    this.#contexts.add(variable);
    this.#globals[variable] =
      shape === 'string'
        ? whole
        : Object.fromEntries(texts.map(({ path, text }) => [path, text] as const));
    return {
      totalChars: whole.length,
      totalLines: whole.split('\n').length,
      sources: texts.map(({ path, text }) => ({ path, chars: text.length })),
      sourceCount: texts.length,
      preview: whole.slice(0, 500),
    };
  }

  async runStep(request: StepRequest, signal: AbortSignal): Promise<Outcome> {
    const before = this.#describeAll();
    this.#printed = '';
    this.#answer = null;
    const end = await this.#evaluate(request, signal);
    const after = this.#describeAll();
    const changes = [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => before.get(name)?.text !== after.get(name)?.text)
      .sort()
      .map((name) => {
        const now = after.get(name);
        return {
          name,
          change: now && before.has(name) ? 'changed' : now ? 'added' : 'removed',
          type: now?.type ?? 'undefined',
          size: null,
          preview: (now?.text ?? '').slice(0, 200),
          hash: null,
        } as const;
      });
    this.#clock.advance(10);
    return createOutcome({
      stdout: this.#printed.slice(0, request.maxOutputChars),
      dropped: {
        stdout: Math.max(0, this.#printed.length - request.maxOutputChars),
        stderr: 0,
        result: 0,
      },
      finalAnswer: this.#answer,
      variables: [...after.keys()].sort(),
      changes,
      ...end,
    });
  }

  async readVariable(request: VariableRequest): Promise<VariableValue | undefined> {
    if (!Object.hasOwn(this.#globals, request.name)) {
      return undefined;
    }
    const { type, text, form } = describe(this.#globals[request.name]);
    const units = this.language === 'python' ? [...text] : text.split('');
    return {
      type,
      form,
      text: units.slice(request.offset, request.offset + request.maxChars).join(''),
      totalChars: units.length,
      incomplete: null,
    };
  }

  dispose(): void {
    this.#died.dispose();
  }

  async #evaluate(request: StepRequest, signal: AbortSignal): Promise<Partial<Outcome>> {
    const { code } = request;
    if (code === 'while (true) {}' || code === 'while True: pass') {
      return toFailure('TimeoutError', 'the step ran too long', { interruption: 'timeout' });
    }
    if (/sleep\(\d+\)$/u.test(code)) {
      return this.#sleep(signal);
    }
    const prompt = /^llm_query\("(.*)"\)$/u.exec(code)?.[1];
    try {
      if (prompt !== undefined) {
        const call = { name: 'llm_query', args: [prompt] };
        return { result: JSON.stringify(await request.onHostCall(call, signal)) };
      }
      const value: unknown = vm.runInContext(code, this.#globals, { timeout: 5_000 });
      return { result: value === undefined ? null : describe(value).repr };
    } catch (thrown) {
      const { name, message } = thrown as Error; // the tests' code throws nothing else
      return toFailure(name, message, {});
    }
  }

  async #sleep(signal: AbortSignal): Promise<Partial<Outcome>> {
    const aborted = await new Promise<boolean>((resolve) => {
      this.#wake.event(() => resolve(false));
      onAbort(signal, () => resolve(true));
      this.#slept.fire();
    });
    return aborted ? toFailure('KeyboardInterrupt', '', { interruption: 'cancelled' }) : {};
  }

  #describeAll(): Map<string, { readonly type: string; readonly text: string }> {
    const names = Object.keys(this.#globals).filter((name) => !this.#contexts.has(name));
    return new Map(names.map((name) => [name, describe(this.#globals[name])]));
  }
}

function describe(value: unknown) {
  if (typeof value === 'string') {
    return { type: 'string', text: value, form: 'text', repr: JSON.stringify(value) } as const;
  }
  const json = JSON.stringify(value) as string | undefined; // functions have none
  const text = json ?? String(value);
  return {
    type: typeof value,
    text,
    form: json === undefined ? 'repr' : 'json',
    repr: text,
  } as const;
}

function toFailure(type: string, message: string, more: Partial<Outcome>): Partial<Outcome> {
  return { error: { type, message, line: 1, traceback: `${type}: ${message}` }, ...more };
}
