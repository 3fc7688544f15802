// What a replay does about files and commands on record: uploads are made again from what was kept, or from where
// they came, if it is still the same; commands are not run again, and that is told.

import type { ContextReader } from './context';
import { RlmError, toRlmError } from './errors';
import type { FileWritten, ReplayDifference, ShellFinished } from './event';
import { hashBytes, uploadFile } from './fileTransfer';
import type { RecordedLoss } from './history';
import type { Sandbox } from './sandbox';
import { fileLimits } from './sandboxFiles';

export interface ReplayedUpload {
  readonly differences: readonly ReplayDifference[];
  /** Null: it could not be made again. */
  readonly bytes: number | null;
  /** The content as it was kept; null: it was not, or is gone. */
  readonly keptText: string | null;
}

interface UploadParts {
  readonly sandbox: Sandbox;
  readonly contexts: ContextReader;
  readonly readText: (name: string) => Promise<string | undefined>;
  readonly signal: AbortSignal;
}

export async function replayUpload(
  written: FileWritten,
  parts: UploadParts,
): Promise<ReplayedUpload> {
  const { path, keptAs, bytes: recordedBytes, sha256 } = written;
  const keptText = keptAs === null ? null : ((await parts.readText(keptAs)) ?? null);
  try {
    const bytes = await readAgain(written, keptText, parts);
    const transfer = { ...parts, onFilesLost: () => undefined };
    await uploadFile({ path, bytes, overwrite: true }, transfer);
    return { differences: [], bytes: bytes.length, keptText };
  } catch (thrown) {
    const error = toRlmError(thrown);
    if (error.code === 'CANCELLED') {
      throw error;
    }
    const difference = {
      step: written.step,
      field: `file ${path}`.slice(0, maxFieldChars),
      recorded: `${recordedBytes} bytes, SHA-256 ${sha256}`,
      replayed: `not repeatable, it is not there: ${error.message}`.slice(0, maxShownChars),
    };
    return { differences: [difference], bytes: null, keptText };
  }
}

export function toNotRepeatable({ step, command }: ShellFinished): ReplayDifference {
  return {
    step,
    field: 'shell',
    recorded: command.slice(0, maxShownChars),
    replayed:
      'not repeatable: the command was not run again, and what it did to files is not there',
  };
}

export function toFilesNotMade({ step, stepsSkipped }: RecordedLoss): ReplayDifference {
  return {
    step,
    field: 'files',
    recorded: `${stepsSkipped} step(s) up to this one, which lost the variables and left the files`,
    replayed: 'not run again: files that their code made or changed are not there',
  };
}

const maxShownChars = 200;
const maxFieldChars = 200;

async function readAgain(
  written: FileWritten,
  keptText: string | null,
  { contexts, signal }: UploadParts,
): Promise<Uint8Array> {
  const { keptAs, keptForm, sourcePath, sha256 } = written;
  if (keptAs === null && sourcePath === null) {
    throw changedError('its content was not kept');
  }
  if (keptAs !== null && keptText === null) {
    throw changedError(`its content, kept beside the trace as ${keptAs}, is no longer there`);
  }
  const bytes =
    keptText !== null
      ? Buffer.from(keptText, keptForm)
      : (await contexts.readFile(sourcePath ?? '', fileLimits.maxFileBytes, signal)).bytes;
  if ((await hashBytes(bytes)) !== sha256) {
    throw changedError(`${sourcePath ?? 'what was kept'} is not what it was`);
  }
  return bytes;
}

function changedError(message: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep: 'Upload it again.' });
}
