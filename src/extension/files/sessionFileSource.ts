// Files of sessions as the editor shows them: of a sandbox that is live in this window what lies there, of any other
// what its trace knows. No code of a session runs for it, and nothing waits in front of a step.

import { neverAborted } from '../../base/abort';
import { type Disposable, DisposableStore } from '../../base/disposable';
import { RlmError, toRlmError } from '../../core/errors';
import type { FileWritten } from '../../core/event';
import { type TransferProgress, hashBytes } from '../../core/fileTransfer';
import type { FileEntry, FileList } from '../../core/sandboxFiles';
import type { Session } from '../../core/session';
import type { Downloaded, UploadInput, Uploaded } from '../../core/sessionFiles';
import { readLine } from '../../core/sessionLine';
import type { Summary } from '../../core/summary';
import { SessionDetails } from '../sessions/sessionDetails';
import { toGroup } from '../sessions/sessionGroup';
import type { SessionSource } from '../sessionSource';

/** What can be said of the files in a folder. */
export type FileListing =
  | ListedFiles
  /** A step runs, and nothing was listed before it. */
  | { readonly kind: 'busy' }
  /** The sandbox is not in this window. */
  | { readonly kind: 'recorded'; readonly files: readonly FileWritten[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface ListedFiles {
  readonly kind: 'listed';
  readonly path: string;
  readonly entries: readonly FileEntry[];
  readonly total: number;
  /** As they were before the step that runs. */
  readonly isOld: boolean;
  /** Files that were there before are gone with the worker that held them. */
  readonly filesLost: boolean;
}

export interface FileCall {
  readonly signal: AbortSignal;
  readonly onProgress?: TransferProgress;
}

/** The folder that relative paths begin at. */
export const workFolder = '.';

interface KnownListing {
  /** How far the trace had come. */
  readonly version: string;
  readonly listed: ListedFiles;
}

export class SessionFileSource implements Disposable {
  readonly #source: SessionSource;
  readonly #store = new DisposableStore();
  /** How often each trace has grown: what was listed before may have changed since. */
  readonly #versions = new Map<string, number>();
  /** By session, then by folder. */
  readonly #known = new Map<string, Map<string, KnownListing>>();
  /** Calls of this object that wait or run, by session. */
  readonly #asking = new Map<string, number>();
  readonly #details = new Map<string, SessionDetails>();
  #isFollowing = false;

  constructor(source: SessionSource) {
    this.#source = source;
  }

  /** The folder is looked at anew the next time. */
  forget(sessionId: string): void {
    this.#versions.set(sessionId, this.#versionOf(sessionId) + 1);
  }

  /** Never rejects. `folder`: `workFolder`, or the path of one that was listed. */
  async list(sessionId: string, folder: string): Promise<FileListing> {
    this.#follow();
    try {
      const session = this.#source.findLive(sessionId);
      return session ? await this.#listLive(session, folder) : await this.#listRecorded(sessionId);
    } catch (thrown) {
      const { code, message } = toRlmError(thrown);
      return code === 'CANCELLED' ? { kind: 'busy' } : { kind: 'failed', message };
    }
  }

  /** Whether a step runs, or something else is done in the session. */
  isBusy(sessionId: string): boolean {
    const session = this.#source.findLive(sessionId);
    return (session?.pendingCalls ?? 0) > (this.#asking.get(sessionId) ?? 0);
  }

  /** Of a file or folder, through links. @throws RlmError 'INVALID_INPUT' when there is none; as `read`. */
  async stat(sessionId: string, path: string, call: FileCall): Promise<FileEntry> {
    const session = await this.#requireLive(sessionId);
    const list = await this.#ask(session, call.signal, (signal) =>
      session.files.list(path, signal, { isOnlooker: true }),
    );
    return toOwnEntry(list);
  }

  /**
   * Waits until the step that runs has ended.
   * @throws RlmError 'SESSION_NOT_FOUND' when the sandbox is not in this window; those of `SessionFiles.download`.
   */
  async read(sessionId: string, path: string, call: FileCall): Promise<Downloaded> {
    const session = await this.#requireLive(sessionId);
    const { signal, ...options } = call;
    return this.#ask(session, signal, (queued) =>
      session.files.download(path, queued, { ...options, isOnlooker: true }),
    );
  }

  /** What was uploaded, as it is kept beside the trace. @throws RlmError 'INVALID_INPUT' when it is not. */
  async readRecorded(sessionId: string, sha256: string): Promise<Uint8Array> {
    const files = await this.#readDetails(sessionId);
    const written = files.find((one) => one.sha256 === sha256 && one.keptAs !== null);
    const store = await this.#source.store();
    const text = written && (await store.readText(sessionId, written.keptAs ?? ''));
    const bytes = text === undefined ? null : Buffer.from(text, written?.keptForm);
    if (bytes === null || (await hashBytes(bytes)) !== sha256) {
      throw new RlmError('INVALID_INPUT', 'The content is not kept beside the trace.', {
        nextStep: 'Look for it where it came from: the trace names the file.',
      });
    }
    return bytes;
  }

  /** Waits until the step that runs has ended. @throws RlmError as `read`, and those of `SessionFiles.upload`. */
  async upload(sessionId: string, file: UploadInput, call: FileCall): Promise<Uploaded> {
    const session = await this.#requireLive(sessionId);
    return this.#ask(session, call.signal, (signal) =>
      session.files.upload(file, signal, call.onProgress),
    );
  }

  /** Puts on record that a file of the sandbox is on this machine now. */
  async recordSaved(
    sessionId: string,
    saved: Parameters<Session['files']['recordSaved']>[0],
  ): Promise<void> {
    await this.#source.findLive(sessionId)?.files.recordSaved(saved);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** From the first listing on: what a trace has gained may have changed files. */
  #follow(): void {
    if (this.#store.isDisposed || this.#isFollowing) {
      return;
    }
    this.#isFollowing = true;
    this.#store.add(this.#source.onDidChange((sessionId) => this.forget(sessionId)));
    this.#store.add(this.#source.onDidReplace(() => this.#known.clear()));
  }

  async #listLive(session: Session, folder: string): Promise<FileListing> {
    const { updatedAt, usage, running } = session.summary;
    const version = `${this.#versionOf(session.id)}/${updatedAt}/${usage.steps}`;
    const known = this.#known.get(session.id)?.get(folder);
    if (known?.version === version && !running) {
      return known.listed;
    }
    if (this.isBusy(session.id)) {
      return known ? { ...known.listed, isOld: true } : { kind: 'busy' };
    }
    const list = await this.#ask(session, neverAborted, (signal) =>
      session.files.list(folder, signal, { isOnlooker: true }),
    );
    const { path, entries, total, filesLost } = list;
    const listed = { kind: 'listed', path, entries, total, isOld: false, filesLost } as const;
    const folders = this.#known.get(session.id) ?? new Map<string, KnownListing>();
    this.#known.set(session.id, folders.set(folder, { version, listed }));
    return listed;
  }

  async #listRecorded(sessionId: string): Promise<FileListing> {
    this.#known.delete(sessionId);
    return { kind: 'recorded', files: await this.#readDetails(sessionId) };
  }

  async #readDetails(sessionId: string): Promise<readonly FileWritten[]> {
    const details = this.#details.get(sessionId) ?? new SessionDetails(sessionId);
    this.#details.set(sessionId, details);
    await details.update(await this.#source.store());
    return details.uploads;
  }

  /** In the session's queue; refused where its step waits for answers of a client. */
  async #ask<T>(
    session: Session,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { engine } = this.#source;
    if (!engine) {
      throw new RlmError('BACKEND_UNAVAILABLE', 'The engine of this window has ended.', {
        nextStep: 'Reload the window to start it again.',
      });
    }
    const count = (change: number): void =>
      void this.#asking.set(session.id, (this.#asking.get(session.id) ?? 0) + change);
    const isQueued = (): boolean => session.summary.running;
    count(1);
    try {
      return await engine.tasks.runQueued(
        readLine(engine.sessions, session.id),
        { isQueued, signal },
        work,
      );
    } finally {
      count(-1);
    }
  }

  async #requireLive(sessionId: string): Promise<Session> {
    const session = this.#source.findLive(sessionId);
    if (session) {
      return session;
    }
    const summary = await this.#source.readSummary(sessionId);
    throw toAbsence(summary, summary !== undefined && this.#source.isHere(summary));
  }

  #versionOf(sessionId: string): number {
    return this.#versions.get(sessionId) ?? 0;
  }
}

/** A listing of one file is of itself, that of a folder of what is in it. */
function toOwnEntry({ path, entries }: FileList): FileEntry {
  const [first] = entries;
  return first?.path === path
    ? first
    : { path, kind: 'folder', bytes: 0, modifiedAt: 0, named: true };
}

function toAbsence(summary: Summary | undefined, isHere: boolean): RlmError {
  const group = summary && toGroup(summary, isHere);
  switch (group) {
    case undefined:
      return new RlmError('SESSION_NOT_FOUND', 'The session of this file was deleted.', {
        nextStep: 'Save a copy while there is one.',
      });
    case 'elsewhere':
      return new RlmError('SESSION_NOT_FOUND', 'Another engine runs the session of this file.', {
        nextStep: 'Read the file there, or fork the session here.',
      });
    case 'active':
    case 'interrupted':
    case 'closed':
      return new RlmError('SESSION_NOT_FOUND', 'The sandbox of this file is not there.', {
        nextStep: 'Resume the session: its steps run again and write the file anew.',
      });
    case 'stopped':
    case 'finalized':
      return new RlmError('SESSION_NOT_FOUND', 'The session of this file has ended.', {
        nextStep: 'Fork the session: its steps run again and write the file anew.',
      });
  }
}
