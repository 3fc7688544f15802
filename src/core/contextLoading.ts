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
import type { ContextSink, ContextSizes, Sandbox } from './sandbox';
import { takenVariableError } from './sessionErrors';

/** Reports bytes of context read so far. */
export type LoadProgress = (bytes: number) => void;

export interface ContextLoading {
  readonly sandbox: Sandbox;
  readonly contexts: ContextReader;
  readonly variable: string;
  readonly room: ContextRoom;
  readonly onProgress?: LoadProgress;
}

/** For finding whether there is a variable of a name; its value does not matter. */
const lookMs = 1_000;
/** Of all contexts of a session together. */
export const maxSessionBytes = 400 * 1024 * 1024;

/** What the contexts of one session take together, in bytes of their text as UTF-8. */
export class ContextRoom {
  #usedBytes = 0;

  /** The first load has its reader's own limit. @throws RlmError 'CONTEXT_TOO_LARGE' */
  require(wantedBytes: number): void {
    const usedBytes = this.#usedBytes;
    if (usedBytes > 0 && usedBytes + wantedBytes > maxSessionBytes) {
      throw new RlmError(
        'CONTEXT_TOO_LARGE',
        `The session holds ${toByteText(usedBytes)} of context, and ${toByteText(wantedBytes)} more would be over ` +
          `${toByteText(maxSessionBytes)}, the most that one session may hold.`,
        { nextStep: 'Load less, or open another session over it with rlm_init_context.' },
      );
    }
  }

  /** Of a load that has succeeded. */
  take(bytes: number): void {
    this.#usedBytes += bytes;
  }
}

/**
 * Where a text is loaded to: never over a variable of the code's. Without a `name` the first free one from that of
 * its `number` on: 1 is `context`. @throws RlmError 'INVALID_INPUT' where there is a variable `name`.
 */
export async function chooseVariable(
  sandbox: Sandbox,
  { name, number }: { readonly name: string | null; readonly number: number },
  signal: AbortSignal,
): Promise<string> {
  const isTaken = async (one: string): Promise<boolean> => {
    const request = { name: one, offset: 0, maxChars: 1, timeoutMs: lookMs };
    return (await sandbox.readVariable(request, signal)) !== undefined;
  };
  if (name !== null) {
    if (await isTaken(name)) {
      throw takenVariableError(name);
    }
    return name;
  }
  for (let next = number; ; next += 1) {
    const free = next === 1 ? 'context' : `context_${next}`;
    if (!(await isTaken(free))) {
      return free;
    }
  }
}

/** @throws RlmError of the reader, and 'CONTEXT_TOO_LARGE' of the sandbox. */
export async function loadContext(
  given: GivenContext,
  loading: ContextLoading,
  signal: AbortSignal,
): Promise<ContextInfo> {
  const { sandbox, contexts, variable, room, onProgress } = loading;
  let finishedBytes = 0;
  let sourceBytes = 0;
  let bytesRead = 0;
  const result: { report?: ContextReport } = {};
  const sizes = await sandbox.loadContext(
    {
      variable,
      write: async (sink) => {
        const counted: ContextSink = {
          expect: async (totalBytes) => {
            room.require(totalBytes);
            await sink.expect(totalBytes);
          },
          beginSource: (path, sizeBytes) => {
            finishedBytes += sourceBytes;
            sourceBytes = 0;
            return sink.beginSource(path, sizeBytes);
          },
          restartSource: () => {
            sourceBytes = 0;
            return sink.restartSource();
          },
          write: async (bytes) => {
            sourceBytes += bytes.length;
            room.require(finishedBytes + sourceBytes); // decoding may make it longer than its file
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
  room.take(finishedBytes + sourceBytes);
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
