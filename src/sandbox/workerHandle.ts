// Port: one worker that runs code, as its session's sandbox sees it. It knows nothing of steps or
// sessions. Implementations: a thread (threadWorker.ts), an interpreter
// of the system or of a remote machine (native/framedWorker.ts).

import type { Disposable } from '../base/disposable';
import type { Listen } from '../base/emitter';
import { RlmError } from '../core/errors';
import type { NetworkRecord } from '../core/networkRecord';
import type { Language } from '../core/sandbox';
import {
  type FromWorker,
  type ToWorker,
  fromWorkerSchema,
  maxFrameChars,
} from '../protocol/worker';

const startTimeoutMs = 30_000;

export interface WorkerHandle extends Disposable {
  readonly language: Language;
  /** Engine and version, once it is ready. */
  readonly detail: string;
  /** What stands around where it runs, beside what stands around the process that holds it. */
  readonly walls: readonly string[];
  /** The image or snapshot that it runs in, by its name; null: in none. */
  readonly image: string | null;
  /** What that is, by its digest. */
  readonly imageDigest: string | null;
  /** What it said, checked. */
  readonly onMessage: Listen<FromWorker>;
  /** Fires once when it is gone or no longer to be trusted, with the reason. */
  readonly onDidEnd: Listen<string>;
  readonly endedBy: string | null;
  send(message: ToWorker): void;
  /** Asks running code to stop. It may be lost on its way: ask again until the code has answered. */
  requestInterrupt(): void;
  clearInterrupt(): void;
  /** Closes the way out that it had for what it was asked, and tells what was connected to; null: nothing. */
  takeNetwork(): NetworkRecord | null;
  /** Ends it at once: it does not let go, or is no longer to be trusted. */
  end(): void;
  /**
   * Once it has ended: another worker where it ran, which finds what is kept there outside of its memory, such
   * as files. Null: nothing is, and any other worker will do.
   */
  replace(): Promise<WorkerHandle | null>;
  /** Ends it and lets go of where it ran. */
  dispose(): void;
}

/**
 * Settles with engine and version; one that does not become ready is let go of.
 * @throws RlmError 'SANDBOX_EXEC_ERROR'
 */
export async function untilReady(worker: WorkerHandle): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      const fail = (reason: string): void => {
        reject(
          new RlmError(
            'SANDBOX_EXEC_ERROR',
            `The ${worker.language} engine did not start: ${reason}.`,
            {
              nextStep: 'See `rlm-companion status` for what works on this machine.',
            },
          ),
        );
      };
      timer = setTimeout(() => fail('it took too long'), startTimeoutMs);
      worker.onDidEnd(fail);
      worker.onMessage((message) => {
        if (message.kind === 'ready') {
          resolve(message.detail);
        }
      });
    });
  } catch (error) {
    worker.dispose();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What a worker sent, which is untrusted: a message, or `broken` with the reason to end it. */
export function readFrame(text: unknown): FromWorker {
  const isFrame = typeof text === 'string' && text.length <= maxFrameChars;
  const parsed = isFrame ? fromWorkerSchema.safeParse(parseJson(text)) : null;
  if (!parsed?.success) {
    return { kind: 'broken', message: 'the worker sent what no engine sends' };
  }
  return parsed.data.kind === 'broken'
    ? { kind: 'broken', message: `the engine broke: ${parsed.data.message}` }
    : parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
