// Brings a given context from the reader into a sandbox.

import type {
  ContextInfo,
  ContextReader,
  ContextReport,
  GivenContext,
  SourceInfo,
} from './context';
import { toByteText } from '../base/text';
import { RlmError } from './errors';
import type { ContextSizes, Sandbox } from './sandbox';

/** Reports bytes of context read so far. */
export type LoadProgress = (bytes: number) => void;

export interface ContextLoading {
  readonly sandbox: Sandbox;
  readonly contexts: ContextReader;
  readonly variable: string;
  /** What the session's contexts take so far, in characters. */
  readonly usedChars?: number;
  readonly onProgress?: LoadProgress;
}

/** Of all contexts of a session together. */
const maxSessionBytes = 400 * 1024 * 1024;

/** @throws RlmError of the reader, and 'CONTEXT_TOO_LARGE' of the sandbox. */
export async function loadContext(
  given: GivenContext,
  loading: ContextLoading,
  signal: AbortSignal,
): Promise<ContextInfo> {
  const { sandbox, contexts, variable, usedChars = 0, onProgress } = loading;
  let bytesRead = 0;
  const result: { report?: ContextReport } = {};
  const sizes = await sandbox.loadContext(
    {
      variable,
      write: async (sink) => {
        const counted = {
          expect: async (totalBytes: number) => {
            requireRoom(usedChars, totalBytes);
            await sink.expect(totalBytes);
          },
          beginSource: (path: string, sizeBytes: number) => sink.beginSource(path, sizeBytes),
          restartSource: () => sink.restartSource(),
          write: async (bytes: Uint8Array) => {
            await sink.write(bytes);
            bytesRead += bytes.length;
            onProgress?.(bytesRead);
          },
        };
        result.report = await contexts.readContext(given, counted, signal);
        return result.report.shape;
      },
    },
    signal,
  );
  if (!result.report) {
    throw new Error('The sandbox settled without reading its context.');
  }
  return { variable, ...result.report, ...sizes, sources: joinSources(sizes, result.report) };
}

/** @throws RlmError 'CONTEXT_TOO_LARGE' */
function requireRoom(usedBytes: number, wantedBytes: number): void {
  if (usedBytes > 0 && usedBytes + wantedBytes > maxSessionBytes) {
    throw new RlmError(
      'CONTEXT_TOO_LARGE',
      `The session holds ${toByteText(usedBytes)} of context, and ${toByteText(wantedBytes)} more would be over ` +
        `${toByteText(maxSessionBytes)}, the most that one session may hold.`,
      { nextStep: 'Load less, or open another session over it with rlm_init_context.' },
    );
  }
}

function joinSources(
  { sources: sizes }: ContextSizes,
  { sources: texts }: ContextReport,
): readonly SourceInfo[] {
  return sizes.map((size, index) => {
    const text = texts[index];
    if (text === undefined) {
      throw new Error('The sandbox tells of a source that was not read.');
    }
    return { ...text, ...size };
  });
}
