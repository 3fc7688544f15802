// Whole files in and out of a sandbox, piece by piece, and its refusals as errors of the domain.

import { RlmError, throwIfAborted } from './errors';
import type { Sandbox } from './sandbox';
import {
  type FileAnswer,
  type FileList,
  type FileOperation,
  type FileRefused,
  fileLimits,
} from './sandboxFiles';
import { toByteText } from '../base/text';

const pieceTimeoutMs = 30_000;

/** Reports bytes that are through, of how many. */
export type TransferProgress = (bytes: number, totalBytes: number) => void;

/** Takes note that files of a sandbox are gone; see `FileReply.filesLost`. */
export type OnFilesLost = () => void;

export interface Transfer {
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
  readonly onFilesLost: OnFilesLost;
  readonly onProgress?: TransferProgress | undefined;
}

export interface UploadedFile {
  /** Absolute, in the sandbox. */
  readonly path: string;
  readonly replaced: boolean;
}

export async function uploadFile(
  file: { readonly path: string; readonly bytes: Uint8Array; readonly overwrite: boolean },
  transfer: Transfer,
): Promise<UploadedFile> {
  const { path, bytes, overwrite } = file;
  const totalBytes = bytes.length;
  let offset = 0;
  for (;;) {
    const piece = bytes.subarray(offset, offset + fileLimits.pieceBytes);
    const content = Buffer.from(piece).toString('base64');
    const answer = await askFor(
      { kind: 'write', path, offset, content, totalBytes, overwrite },
      transfer,
    );
    offset += piece.length;
    transfer.onProgress?.(offset, totalBytes);
    if (offset >= totalBytes) {
      return { path: answer.path, replaced: answer.replaced };
    }
  }
}

export async function downloadFile(
  path: string,
  transfer: Transfer,
): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  const pieces: Buffer[] = [];
  let offset = 0;
  let version: string | null = null;
  for (;;) {
    const { pieceBytes: maxBytes } = fileLimits;
    const answer = await askFor({ kind: 'read', path, offset, maxBytes }, transfer);
    const { totalBytes } = answer;
    if (totalBytes > fileLimits.maxFileBytes) {
      throw tooLargeError(answer.path, totalBytes);
    }
    const piece = Buffer.from(answer.content, 'base64');
    pieces.push(piece);
    offset += piece.length;
    if (version !== null && version !== answer.version) {
      throw changedError(answer.path);
    }
    ({ version } = answer);
    transfer.onProgress?.(offset, totalBytes);
    if (offset === totalBytes) {
      return { path: answer.path, bytes: Buffer.concat(pieces) };
    }
    if (piece.length === 0 || offset > totalBytes) {
      throw changedError(answer.path);
    }
  }
}

export async function listFiles(path: string, transfer: Transfer): Promise<FileList> {
  return askFor({ kind: 'list', path, maxEntries: fileLimits.maxListed }, transfer);
}

export function tooLargeError(path: string, bytes: number): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `${path} has ${toByteText(bytes)}; one file may have ${toByteText(fileLimits.maxFileBytes)}.`,
    { nextStep: 'Split or compress it first, or take the part that is needed.' },
  );
}

/** SHA-256, in hex. */
export async function hashBytes(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(bytes));
  return Buffer.from(digest).toString('hex');
}

/** Their messages begin with the path, which is told as it was given, but for what says “it”. */
const pathReasons: ReadonlySet<FileRefused['reason']> = new Set([
  'outside',
  'exists',
  'wrong_kind',
]);

class MissingFileError extends RlmError {
  readonly reason = 'missing';

  constructor(message: string) {
    super('INVALID_INPUT', message, {
      nextStep: 'Look for the path with sandbox_files, and name a file.',
    });
  }
}

/** Whether there is nothing of that name in the sandbox. Of an error of another bundle too, which has classes of its own. */
export function isMissingFile(thrown: unknown): boolean {
  return thrown instanceof Error && 'reason' in thrown && thrown.reason === 'missing';
}

/** These are about no file. */
const placeReasons: ReadonlySet<FileRefused['reason']> = new Set(['unsupported', 'full']);

/** As a sentence that says which file it is about. `path`: as it was given; null: there is none. */
function toSentence({ reason, message }: FileRefused, path: string | null): string {
  const namesPath = pathReasons.has(reason) && !message.startsWith('it ');
  if (namesPath || message.endsWith(' is not a path')) {
    return `${message}.`;
  }
  const isAboutFile = path !== null && !placeReasons.has(reason);
  const first = isAboutFile ? message.charAt(0).toLowerCase() : message.charAt(0).toUpperCase();
  return `${isAboutFile ? `${path}: ` : ''}${first}${message.slice(1)}.`;
}

/** Refusals that are about the caller's words and not about where they lead. */
export function toFileError(refused: FileRefused, path: string | null): RlmError {
  const { reason, message } = refused;
  const text = toSentence(refused, path);
  switch (reason) {
    case 'outside':
      return new RlmError('PATH_NOT_ALLOWED', text, {
        nextStep:
          'Name a path below the session’s work folder, such as data.csv; sandbox_files lists it.',
      });
    case 'unsupported':
      return new RlmError('BACKEND_UNAVAILABLE', text, {
        nextStep: 'Open a session with another backend; rlm_status says which work here.',
      });
    case 'exists':
      return new RlmError('INVALID_INPUT', text, {
        nextStep: 'Choose another path, or set overwrite to replace it.',
      });
    case 'full':
      return new RlmError('INVALID_INPUT', `No room is left for files: ${message}.`, {
        nextStep: 'Remove files that are not needed any more, with code or sandbox_shell.',
      });
    case 'missing':
      return new MissingFileError(text);
    case 'wrong_kind':
    case 'invalid':
      return new RlmError('INVALID_INPUT', text, {
        nextStep: 'Look for the path with sandbox_files, and name a file.',
      });
    case 'too_large':
      return new RlmError('INVALID_INPUT', text, { nextStep: 'Split the file.' });
    case 'failed':
      return new RlmError('SANDBOX_EXEC_ERROR', text, { nextStep: 'Try again.' });
  }
}

export function lostSandboxError(): RlmError {
  return new RlmError('SANDBOX_EXEC_ERROR', 'The sandbox lost its worker at work on a file.', {
    nextStep: 'Variables are lost, contexts are kept: run the steps that made them again.',
  });
}

async function askFor<Operation extends FileOperation>(
  operation: Operation,
  { sandbox, signal, onFilesLost }: Transfer,
): Promise<AnswerOf<Operation['kind']>> {
  throwIfAborted(signal, 'The call');
  const request = { operation, timeoutMs: pieceTimeoutMs };
  const { answer, filesLost } = await sandbox.runFileOperation(request, signal);
  if (filesLost) {
    onFilesLost();
  }
  if (answer === null) {
    throw lostSandboxError();
  }
  if (answer.kind === 'refused') {
    throw toFileError(answer, 'path' in operation ? operation.path : null);
  }
  if (!isOf<Operation['kind']>(answer, operation.kind)) {
    throw lostSandboxError();
  }
  return answer;
}

type AnswerOf<Kind extends FileOperation['kind']> = Extract<FileAnswer, { kind: Kind }>;

function isOf<Kind extends FileOperation['kind']>(
  answer: FileAnswer,
  kind: Kind,
): answer is AnswerOf<Kind> {
  return answer.kind === kind;
}

function changedError(path: string): RlmError {
  return new RlmError('INVALID_INPUT', `${path} changed while it was read.`, {
    nextStep: 'Wait until nothing writes to it, and call again.',
  });
}
