// Files and shell of one session, in line with its steps: what goes in or out and what a command did is on record.

import type { Clock } from './clock';
import { RlmError, throwIfAborted } from './errors';
import type { KeptForm, ShellFinished } from './event';
import {
  type OnFilesLost,
  type Transfer,
  type TransferProgress,
  downloadFile,
  hashBytes,
  listFiles,
  toFileError,
  tooLargeError,
  uploadFile,
} from './fileTransfer';
import type { Guardrails } from './guardrails';
import type { Limits, Usage } from './limits';
import type { Recorder } from './recorder';
import type { Sandbox } from './sandbox';
import { type FileList, type ShellAnswer, fileLimits } from './sandboxFiles';
import type { SessionModels } from './sessionModels';
import type { TraceSink } from './traceStore';
import { toByteText } from '../base/text';

export interface UploadInput {
  /** In the sandbox. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly overwrite: boolean;
  /** Where the bytes are from; null: the caller gave them, and they are kept beside the trace. */
  readonly sourcePath: string | null;
}

/** What every answer may have to tell beside its own. */
interface Told {
  /** Files that were there before are gone with the worker that held them, which nobody had been told. */
  readonly filesLost: boolean;
}

export interface Uploaded extends Told {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly replaced: boolean;
}

export interface Downloaded extends Told {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** Where a downloaded file was put on this machine. */
export interface SavedFile {
  readonly path: string;
  readonly sourcePath: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly replaced: boolean;
}

export interface LookOptions {
  readonly onProgress?: TransferProgress;
  /** Who looks is not who works in the session: that is no use of it, and what the other must know stays to be told. */
  readonly isOnlooker?: boolean;
}

export interface CommandInput {
  readonly command: string;
  /** Shortens the session's own step time-out; never lengthens it. */
  readonly timeoutMs?: number | undefined;
}

export type CommandResult = Pick<
  ShellFinished,
  | 'exitCode'
  | 'stdout'
  | 'stderr'
  | 'droppedBytes'
  | 'replaced'
  | 'interruption'
  | 'endedBy'
  | 'durationMs'
  | 'stateLost'
  | 'network'
  | 'stop'
> &
  Told & { readonly usage: Usage };

export interface SessionFilesParts {
  readonly recorder: Recorder;
  readonly models: SessionModels;
  readonly guardrails: Guardrails;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly sink: TraceSink;
  /** In the session's queue, with a sandbox that is there; refused unless the session is active. */
  readonly run: <T>(
    signal: AbortSignal,
    work: (sandbox: Sandbox, combined: AbortSignal) => Promise<T>,
  ) => Promise<T>;
  /** The same for what only looks, at a session that was stopped too. */
  readonly look: <T>(
    signal: AbortSignal,
    work: (sandbox: Sandbox, combined: AbortSignal) => Promise<T>,
    isOnlooker?: boolean,
  ) => Promise<T>;
}

export class SessionFiles {
  readonly #parts: SessionFilesParts;
  #uploadedBytes = 0;
  /** Files have gone, and no answer has told of it to who works here. */
  #lossUntold = false;

  constructor(parts: SessionFilesParts) {
    this.#parts = parts;
  }

  /** @throws RlmError 'INVALID_INPUT' | 'PATH_NOT_ALLOWED' | 'BACKEND_UNAVAILABLE', those of a session that has ended. */
  async upload(
    input: UploadInput,
    signal: AbortSignal,
    onProgress?: TransferProgress,
  ): Promise<Uploaded> {
    const { bytes, sourcePath } = input;
    if (bytes.length > fileLimits.maxFileBytes) {
      throw tooLargeError(sourcePath ?? input.path, bytes.length);
    }
    return this.#parts.run(signal, async (sandbox, combined) => {
      this.#requireRoom(bytes.length);
      const sha256 = await hashBytes(bytes);
      const { transfer, told } = this.#startTransfer(sandbox, combined, {
        ...(onProgress && { onProgress }),
      });
      const { path, replaced } = await uploadFile(input, transfer);
      this.takeUploaded(bytes.length);
      const { kept, failure } = await this.#keep(bytes, { sha256, sourcePath });
      // The file is there, so it is on record, also where its content could not be kept.
      await this.#parts.recorder.append({
        kind: 'file.written',
        side: 'sandbox',
        ...{ path, sourcePath, sha256, replaced },
        keptAs: kept?.name ?? null,
        keptForm: kept?.form ?? 'utf8',
        bytes: bytes.length,
      });
      if (failure) {
        throw failure.thrown;
      }
      return { path, bytes: bytes.length, sha256, replaced, ...told() };
    });
  }

  /** Beside the trace what has no file of this machine behind it. */
  async #keep(
    bytes: Uint8Array,
    { sha256, sourcePath }: { readonly sha256: string; readonly sourcePath: string | null },
  ): Promise<{
    readonly kept: KeptFile | null;
    readonly failure: { readonly thrown: unknown } | null;
  }> {
    if (sourcePath !== null) {
      return { kept: null, failure: null };
    }
    const kept = toKept(bytes, sha256);
    try {
      await this.#parts.sink.keepText(kept.name, kept.text);
      return { kept, failure: null };
    } catch (thrown) {
      return { kept: null, failure: { thrown } };
    }
  }

  /** Also of a session that was stopped. */
  async download(
    path: string,
    signal: AbortSignal,
    options: LookOptions = {},
  ): Promise<Downloaded> {
    return this.#parts.look(
      signal,
      async (sandbox, combined) => {
        const { transfer, told } = this.#startTransfer(sandbox, combined, options);
        const file = await downloadFile(path, transfer);
        return { ...file, sha256: await hashBytes(file.bytes), ...told() };
      },
      options.isOnlooker,
    );
  }

  /** A downloaded file is on this machine now. */
  async recordSaved(saved: SavedFile): Promise<void> {
    const kept = { keptAs: null, keptForm: 'utf8' } as const;
    await this.#parts.recorder.append({ kind: 'file.written', side: 'host', ...saved, ...kept });
  }

  async list(
    path: string,
    signal: AbortSignal,
    options: LookOptions = {},
  ): Promise<FileList & Told> {
    return this.#parts.look(
      signal,
      async (sandbox, combined) => {
        const { transfer, told } = this.#startTransfer(sandbox, combined, options);
        return { ...(await listFiles(path, transfer)), ...told() };
      },
      options.isOnlooker,
    );
  }

  /** Its time counts as running time and its output as the budget's; it is no step. */
  async runCommand(input: CommandInput, signal: AbortSignal): Promise<CommandResult> {
    return this.#parts.run(signal, async (sandbox, combined) => {
      const { guardrails, recorder, limits, clock, models } = this.#parts;
      const { command } = input;
      const timeoutMs = guardrails.toTimeoutMs(recorder.summary.usage, input.timeoutMs);
      const operation = {
        kind: 'shell',
        command,
        maxOutputChars: limits.maxOutputChars,
      } as const;
      const started = clock.monotonic();
      const reply = await sandbox.runFileOperation({ operation, timeoutMs }, combined);
      const durationMs = clock.monotonic() - started;
      const { answer, interruption, network } = reply;
      this.#lossUntold ||= reply.filesLost;
      if (answer?.kind === 'refused') {
        throw toFileError(answer, null);
      }
      const ran = answer?.kind === 'shell' ? answer : lostCommand;
      const stateLost = answer?.kind !== 'shell';
      models.spendChars(command.length + ran.stdout.length + ran.stderr.length);
      const before = models.readUsage();
      const usage = { ...before, runtimeMs: before.runtimeMs + durationMs };
      const stop = guardrails.judge(usage, models.leftChars);
      const { stdout, stderr, droppedBytes, replaced, endedBy } = ran;
      const exitCode = stateLost ? null : ran.exitCode;
      const output = { exitCode, stdout, stderr, droppedBytes, replaced };
      const end = { interruption, endedBy, durationMs, stateLost, stop };
      await recorder.append(
        { kind: 'shell.finished', command, ...output, ...end, ...(network && { network }) },
        { usage, stop },
      );
      return { ...output, ...end, usage, ...this.#tellLoss(), ...(network && { network }) };
    });
  }

  /** Of a replay, which uploads again. */
  takeUploaded(bytes: number): void {
    this.#uploadedBytes += bytes;
  }

  #requireRoom(bytes: number): void {
    const left = fileLimits.maxSessionBytes - this.#uploadedBytes;
    if (bytes > left) {
      throw new RlmError(
        'INVALID_INPUT',
        `${toByteText(bytes)} are more than the ${toByteText(left)} that this session may still upload, of ${toByteText(fileLimits.maxSessionBytes)} in all.`,
        { nextStep: 'Upload less, or go on in another session.' },
      );
    }
  }

  /** `told` is for an answer alone: after a refusal, the next answer tells it. */
  #startTransfer(
    sandbox: Sandbox,
    signal: AbortSignal,
    { onProgress, isOnlooker = false }: LookOptions,
  ): { readonly transfer: Transfer; readonly told: () => Told } {
    throwIfAborted(signal, 'The call');
    let filesLost = false;
    const onFilesLost: OnFilesLost = () => {
      filesLost = true;
      this.#lossUntold = true;
    };
    return {
      transfer: { sandbox, signal, onFilesLost, onProgress },
      told: () => (isOnlooker ? { filesLost } : this.#tellLoss()),
    };
  }

  #tellLoss(): Told {
    const filesLost = this.#lossUntold;
    this.#lossUntold = false;
    return { filesLost };
  }
}

const lostCommand: ShellAnswer = {
  kind: 'shell',
  stdout: '',
  stderr: '',
  droppedBytes: { stdout: 0, stderr: 0 },
  replaced: { stdout: false, stderr: false },
  exitCode: -1,
  endedBy: 'the sandbox broke, or did not let go in time',
};

interface KeptFile {
  readonly name: string;
  readonly form: KeptForm;
  readonly text: string;
}

/** As text where it is one. Named by what it holds: the same content is kept once. */
function toKept(bytes: Uint8Array, sha256: string): KeptFile {
  const name = `file-${sha256.slice(0, 48)}`;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { name, form: 'utf8', text };
  } catch {
    return { name, form: 'base64', text: Buffer.from(bytes).toString('base64') };
  }
}
