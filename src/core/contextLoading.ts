// Brings a given context from the reader into a sandbox.

import type {
  ContextInfo,
  ContextReader,
  ContextReport,
  GivenContext,
  SourceInfo,
} from './context';
import type { ContextSizes, Sandbox } from './sandbox';

/** Reports bytes of context read so far. */
export type LoadProgress = (bytes: number) => void;

export interface ContextLoading {
  readonly sandbox: Sandbox;
  readonly contexts: ContextReader;
  readonly variable: string;
  readonly onProgress?: LoadProgress;
}

/** @throws RlmError of the reader, and 'CONTEXT_TOO_LARGE' of the sandbox. */
export async function loadContext(
  given: GivenContext,
  loading: ContextLoading,
  signal: AbortSignal,
): Promise<ContextInfo> {
  const { sandbox, contexts, variable, onProgress } = loading;
  let bytesRead = 0;
  const result: { report?: ContextReport } = {};
  const sizes = await sandbox.loadContext(
    {
      variable,
      write: async (sink) => {
        const counted = {
          expect: (totalBytes: number) => sink.expect(totalBytes),
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
