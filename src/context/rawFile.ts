// Reads one file as it is, by the same rule of what may be read as texts.

import { RlmError, cancelledError } from '../core/errors';
import type { HostFile } from '../core/context';
import { toByteText } from '../base/text';
import type { AllowedRoots } from './allowedRoots';
import { resolveGivenPath } from './givenPath';
import { openRegular, readFully, unreadableError } from './openedFile';

interface RawReading {
  readonly roots: AllowedRoots;
  readonly baseFolder: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const pieceBytes = 1_048_576;

/** @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' | 'CANCELLED' */
export async function readRawFile(
  given: string,
  { roots, baseFolder, maxBytes, signal }: RawReading,
): Promise<HostFile> {
  const place = await resolveGivenPath(given, baseFolder, roots);
  if (place.kind !== 'file') {
    throw new RlmError('INVALID_INPUT', `${given} is a ${place.kind}, and one file was meant.`, {
      nextStep: 'Name one file.',
    });
  }
  const opened = await openRegular(place.real, roots);
  if ('reason' in opened) {
    throw unreadableError(given, opened.reason);
  }
  const { handle, sizeBytes } = opened;
  try {
    if (sizeBytes > maxBytes) {
      throw new RlmError(
        'INVALID_INPUT',
        `${given} has ${toByteText(sizeBytes)}; one file may have ${toByteText(maxBytes)}.`,
        { nextStep: 'Split or compress it first, or load it as context (rlm_add_context).' },
      );
    }
    const bytes = Buffer.allocUnsafe(sizeBytes);
    let read = 0;
    while (read < sizeBytes) {
      if (signal.aborted) {
        throw cancelledError('Reading the file');
      }
      const piece = bytes.subarray(read, read + pieceBytes);
      const got = await readFully(handle, piece, read);
      read += got;
      if (got < piece.length) {
        break; // it has become shorter
      }
    }
    return { path: place.path, bytes: bytes.subarray(0, read) };
  } finally {
    await handle.close();
  }
}
