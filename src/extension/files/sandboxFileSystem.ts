// Files of sandboxes as a read-only file system of the editor, which opens texts, images and other bytes from it as it
// does from the disk, and is told when they change.

import * as vscode from 'vscode';
import { neverAborted } from '../../base/abort';
import { DisposableStore } from '../../base/disposable';
import { toByteText } from '../../base/text';
import { type RlmError, toRlmError } from '../../core/errors';
import { isMissingFile } from '../../core/fileTransfer';
import { wordNextStep } from '../../core/nextSteps';
import type { FileEntry } from '../../core/sandboxFiles';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import type { SessionIndex } from '../sessions/sessionIndex';
import { fileScheme, toFileName } from './fileAddress';
import { type OpenedFile, parseFileUri } from './fileUri';
import type { SessionFileSource } from './sessionFileSource';
import { type FileState, WatchedFiles } from './watchedFiles';

const { FileChangeType, FileSystemError, FilePermission, FileType } = vscode;

export class SandboxFileSystem implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #source: SessionFileSource;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  readonly onDidChangeFile = this.#changed.event;
  /** By their addresses. */
  readonly #watched = new WatchedFiles();

  constructor(source: SessionFileSource, index: Pick<SessionIndex, 'onDidChange'>) {
    this.#source = source;
    const isReadonly = new vscode.MarkdownString(
      vscode.l10n.t('This file lies in the sandbox of a session, whose code alone changes it.'),
    );
    const options = { isCaseSensitive: true, isReadonly };
    this.#store.add(vscode.workspace.registerFileSystemProvider(fileScheme, this, options));
    this.#store.add(
      index.onDidChange(({ sessionIds, moved }) => {
        void this.#check((sessionId) => moved === 'all' || sessionIds.includes(sessionId));
      }),
    );
  }

  watch(uri: vscode.Uri): vscode.Disposable {
    const watching = this.#watched.watch(uri.toString());
    return new vscode.Disposable(() => watching.dispose());
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const file = parseFileUri(uri);
    const stat = await this.#translate(uri, () => this.#stat(file));
    this.#watched.note(uri.toString(), toState(stat));
    return stat;
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const { sessionId, path } = parseFileUri(uri);
    const listing = await this.#source.list(sessionId, path);
    if (listing.kind !== 'listed') {
      throw FileSystemError.Unavailable(uri);
    }
    return listing.entries.map((entry) => [toFileName(entry.path), toType(entry.kind)]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { sessionId, path, recorded } = parseFileUri(uri);
    return this.#translate(uri, () =>
      recorded === null
        ? readWithProgress(this.#source, { sessionId, path })
        : this.#source.readRecorded(sessionId, recorded),
    );
  }

  createDirectory(uri: vscode.Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#watched.clear();
    this.#store.dispose();
  }

  async #stat({ sessionId, path, recorded }: OpenedFile): Promise<vscode.FileStat> {
    if (recorded !== null) {
      const { length } = await this.#source.readRecorded(sessionId, recorded);
      return toStat({ path, kind: 'file', bytes: length, modifiedAt: 0, named: true });
    }
    return toStat(await this.#source.stat(sessionId, path, { signal: neverAborted }));
  }

  /** Tells the editor of the files it watches that changed, went, or came back. */
  #check(isConcerned: (sessionId: string) => boolean): Promise<void> {
    return this.#watched.check({
      look: (key) => {
        const file = parseFileUri(vscode.Uri.parse(key, true));
        const isBusy = this.#source.isBusy(file.sessionId); // when the step ends, its trace says so
        return file.recorded !== null || isBusy || !isConcerned(file.sessionId)
          ? null
          : this.#stat(file).then(toState, () => 'gone' as const);
      },
      onChange: (key, before, now) => {
        const uri = vscode.Uri.parse(key, true);
        this.#changed.fire([{ type: toChange(before, now), uri }]);
      },
    });
  }

  async #translate<T>(uri: vscode.Uri, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw isMissingFile(thrown)
        ? FileSystemError.FileNotFound(uri)
        : toFileSystemError(toRlmError(thrown));
    }
  }
}

/** With a way to cancel it, when it takes a while. @throws RlmError as `SessionFileSource.read`. */
export function readWithProgress(
  source: SessionFileSource,
  { sessionId, path }: { readonly sessionId: string; readonly path: string },
): Promise<Uint8Array> {
  const title = vscode.l10n.t('Reading {0}', toPlainLine(toFileName(path), 80));
  return runCancellable(title, async ({ signal, report }) => {
    if (source.isBusy(sessionId)) {
      report(vscode.l10n.t('waiting for the step that is running'));
    }
    const onProgress = (bytes: number, totalBytes: number): void =>
      report(vscode.l10n.t('{0} of {1}', toByteText(bytes), toByteText(totalBytes)));
    const { bytes } = await source.read(sessionId, path, { signal, onProgress });
    return bytes;
  });
}

function toState({ size, mtime }: vscode.FileStat): FileState {
  return `${size}/${mtime}`;
}

function toChange(before: FileState, now: FileState): vscode.FileChangeType {
  if (now === 'gone') {
    return FileChangeType.Deleted;
  }
  return before === 'gone' ? FileChangeType.Created : FileChangeType.Changed;
}

function toStat({ kind, bytes, modifiedAt }: FileEntry): vscode.FileStat {
  return {
    type: toType(kind),
    ctime: 0,
    mtime: modifiedAt,
    size: bytes,
    permissions: FilePermission.Readonly,
  };
}

function toType(kind: FileEntry['kind']): vscode.FileType {
  switch (kind) {
    case 'file':
      return FileType.File;
    case 'folder':
      return FileType.Directory;
    case 'link':
      return FileType.SymbolicLink;
    case 'other':
      return FileType.Unknown;
  }
}

function toFileSystemError(error: RlmError): vscode.FileSystemError {
  const text = `${error.message} ${wordNextStep(error.nextStep, 'editor')}`;
  const isAbsent = error.code === 'SESSION_NOT_FOUND' || error.code === 'CANCELLED';
  return isAbsent ? FileSystemError.Unavailable(text) : new FileSystemError(text);
}
