// One process of `codex app-server`: JSON lines over its stdin and stdout, requests both ways, notifications. What
// they mean is not known here.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { onAbort } from '../../base/abort';
import { type Disposable, DisposableStore } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { toWellFormedJsonText } from '../../base/wellFormed';
import type { Clock } from '../../core/clock';
import { CallError } from './callError';
import { LineSplitter, type LongLine } from './lines';
import { type WireId, messageSchema } from './wire';

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** All of it; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Called in the order of the lines. */
export interface ServerListener {
  notified(method: string, params: unknown): void;
  /** To be answered by `respond` or `refuse`. */
  asked(id: WireId, method: string, params: unknown): void;
  /** A line that is no message, or too long a one. */
  unreadable(line: LongLine): void;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of its stderr. */
  readonly errors: string;
}

export interface CallOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

interface PendingCall {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: CallError) => void;
}

/** A result of a tool comes whole in one line. */
const maxLineBytes = 32 * 1024 * 1024;
const maxErrorChars = 8_000;
const endGraceMs = 2_000;
/** Its streams may be held open by what it has left behind. */
const closeGraceMs = 500;

export class AppServer implements Disposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #pending = new Map<WireId, PendingCall>();
  readonly #timers = new DisposableStore();
  readonly #exited = new Emitter<ServerExit>();
  readonly onDidExit = this.#exited.event;
  #nextId = 1;
  #errors = '';
  #exit: ServerExit | null = null;
  #isEnding = false;

  constructor(
    command: ServerCommand,
    private readonly listener: ServerListener,
    private readonly clock: Clock,
  ) {
    this.#child = spawn(command.program, [...command.args], {
      env: command.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const splitter = new LineSplitter(
      { line: (text) => this.#receive(text), longLine: (line) => this.#receiveLong(line) },
      maxLineBytes,
    );
    this.#child.stdout.on('data', (chunk: Buffer) => splitter.push(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString('utf8')}`.slice(-maxErrorChars);
    });
    this.#child.stdin.on('error', () => undefined); // its end is told by `exit`
    this.#child.once('error', (error) => this.#end(null, null, error.message));
    this.#child.once('close', (code, signal) => this.#end(code, signal));
    this.#child.once('exit', (code, signal) => {
      this.#timers.add(this.clock.after(closeGraceMs, () => this.#end(code, signal)));
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Null while it runs. */
  get exit(): ServerExit | null {
    return this.#exit;
  }

  /** @throws CallError */
  call(method: string, params: unknown, { deadlineMs, signal }: CallOptions): Promise<unknown> {
    if (this.#exit) {
      return Promise.reject(new CallError('ended', method, toEndText(this.#exit)));
    }
    if (signal?.aborted) {
      return Promise.reject(new CallError('cancelled', method, 'It was cancelled.'));
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const cleanup = new DisposableStore();
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { method, resolve, reject });
      const fail = (error: CallError): void => {
        this.#pending.delete(id);
        reject(error);
      };
      cleanup.add(
        this.clock.after(deadlineMs, () =>
          fail(new CallError('no answer', method, `Codex gave no answer in ${deadlineMs} ms.`)),
        ),
      );
      if (signal) {
        const cancelled = () => fail(new CallError('cancelled', method, 'It was cancelled.'));
        cleanup.add(onAbort(signal, cancelled));
      }
      this.#send({ id, method, params });
    }).finally(() => cleanup.dispose());
  }

  notify(method: string): void {
    this.#send({ method });
  }

  respond(id: WireId, result: unknown): void {
    this.#send({ id, result });
  }

  refuse(id: WireId, message: string): void {
    this.#send({ id, error: { code: -32_000, message } });
  }

  /** At once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Its stdin ends, and so it does; killed when it does not. */
  dispose(): void {
    if (this.#isEnding || this.#exit) {
      return;
    }
    this.#isEnding = true;
    this.#child.stdin.end();
    this.#timers.add(this.clock.after(endGraceMs, () => this.kill()));
  }

  #send(message: object): void {
    if (!this.#exit && this.#child.stdin.writable) {
      // Codex drops a message with half a surrogate pair in it, and never answers.
      const { value } = toWellFormedJsonText(JSON.stringify(message));
      this.#child.stdin.write(`${value}\n`);
    }
  }

  #receive(text: string): void {
    const message = parse(text);
    if (!message) {
      this.listener.unreadable({
        head: text.slice(0, maxErrorChars),
        tail: '',
        bytes: Buffer.byteLength(text),
      });
      return;
    }
    const { id, method, params, result, error } = message;
    if (method !== undefined) {
      if (id === undefined) {
        this.listener.notified(method, params);
      } else {
        this.listener.asked(id, method, params);
      }
      return;
    }
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || !pending) {
      return; // answered too late: its caller has gone on
    }
    this.#pending.delete(id);
    if (error) {
      pending.reject(new CallError('refused', pending.method, error.message));
    } else {
      pending.resolve(result);
    }
  }

  #receiveLong(line: LongLine): void {
    const id = /^\{"id":(\d+),"result"/u.exec(line.head)?.[1];
    const pending = id === undefined ? undefined : this.#pending.get(Number(id));
    if (!pending) {
      this.listener.unreadable(line);
      return;
    }
    this.#pending.delete(Number(id));
    const message = `Codex answered with ${line.bytes} bytes, which is too long.`;
    pending.reject(new CallError('unreadable', pending.method, message));
  }

  #end(code: number | null, signal: string | null, failure?: string): void {
    if (this.#exit) {
      return;
    }
    const exit = { code, signal, errors: failure ?? this.#errors };
    this.#exit = exit;
    this.#timers.dispose();
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    for (const { method, reject } of this.#pending.values()) {
      reject(new CallError('ended', method, toEndText(exit)));
    }
    this.#pending.clear();
    this.#exited.fire(exit);
    this.#exited.dispose();
  }
}

function parse(text: string): ReturnType<typeof messageSchema.parse> | null {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** For people. Of what it wrote the last line: the rest is in the log. */
export function toEndText({ code, signal, errors }: ServerExit): string {
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
  const last = errors.trimEnd().split('\n').at(-1) ?? '';
  return `The process of Codex has ended (${how})${last === '' ? '.' : `: ${last}`}`;
}
