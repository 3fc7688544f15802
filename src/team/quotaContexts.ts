// Reads contexts for one user, as far as the memory that the quota leaves.

import type { ContextReader } from '../core/context';
import { RlmError } from '../core/errors';
import type { ContextSink } from '../core/sandbox';

const bytesPerMb = 1_000_000;

/** `readLeftMb`: of what is loaded; null: any. What is being loaded is counted here. */
export function createQuotaContexts(
  reader: ContextReader,
  readLeftMb: () => number | null,
): ContextReader {
  let loadingBytes = 0;
  const charge = (bytes: number): void => {
    const leftMb = readLeftMb();
    if (leftMb !== null && loadingBytes + bytes > leftMb * bytesPerMb) {
      throw new RlmError(
        'CONTEXT_TOO_LARGE',
        `The quota memory_mb leaves ${Math.max(0, Math.floor(leftMb))} MB for contexts, and these are larger.`,
        { nextStep: 'Load fewer files, or finalize sessions that are done and retry.' },
      );
    }
    loadingBytes += bytes;
  };
  return {
    baseFolder: reader.baseFolder,
    readFile: (path, maxBytes, signal) => reader.readFile(path, maxBytes, signal),
    async readContext(given, sink, signal) {
      let ownBytes = 0;
      const counted: ContextSink = {
        expect: (totalBytes) => sink.expect(totalBytes),
        beginSource: (path, sizeBytes) => sink.beginSource(path, sizeBytes),
        restartSource: () => sink.restartSource(),
        write: async (bytes) => {
          charge(bytes.length);
          ownBytes += bytes.length;
          await sink.write(bytes);
        },
      };
      try {
        return await reader.readContext(given, counted, signal);
      } finally {
        loadingBytes -= ownBytes;
      }
    },
  };
}
