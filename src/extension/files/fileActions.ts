// What a person can do with files of a sandbox: open, save, put in. Nothing on this machine or in the sandbox is replaced
// before that was confirmed.

import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import { throwIfAborted, toRlmError } from '../../core/errors';
import { hashBytes, tooLargeError } from '../../core/fileTransfer';
import { fileLimits } from '../../core/sandboxFiles';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { type CancellableWork, runCancellable } from '../progress';
import { toFileName } from './fileAddress';
import { type OpenedFile, toFileUri } from './fileUri';
import { keepConfirmed } from './replaceDialog';
import { planNames, toSafeName } from './savePlan';
import type { SessionFileSource } from './sessionFileSource';

interface FileActionsParts {
  readonly source: SessionFileSource;
  readonly log: (line: string) => void;
}

/** A file of a sandbox, or what was uploaded as it is kept beside the trace. */
export interface ChosenFile extends OpenedFile {
  /** Null: not known. */
  readonly bytes: number | null;
}

const { l10n } = vscode;

export class FileActions {
  readonly #parts: FileActionsParts;

  constructor(parts: FileActionsParts) {
    this.#parts = parts;
  }

  /** In editors that cannot change them. @throws RlmError 'INVALID_INPUT' for one that is too large. */
  async open(files: readonly ChosenFile[]): Promise<void> {
    files.forEach(requireSize);
    for (const file of files) {
      const uri = toFileUri(file, file.recorded);
      await vscode.commands.executeCommand('vscode.open', uri, { preview: files.length === 1 });
    }
  }

  async copyPaths(paths: readonly string[]): Promise<void> {
    await vscode.env.clipboard.writeText(paths.join('\n'));
  }

  /** One where the person says, several into a folder. */
  async save(files: readonly ChosenFile[]): Promise<void> {
    files.forEach(requireSize);
    const [first, ...others] = files;
    const targets = first && others.length === 0 ? await askTarget(first) : await askTargets(files);
    if (targets.length === 0) {
      return;
    }
    await runCancellable(l10n.t('Saving files'), (work) => this.#saveAll(targets, work));
    const name = toPlainLine(toFileName(targets[0]?.uri.path ?? ''), 120);
    const isOne = targets.length === 1;
    showNote(isOne ? l10n.t('Saved {0}', name) : l10n.t('Saved {0} files', targets.length));
  }

  async #saveAll(
    targets: readonly SaveTarget[],
    { signal, report }: CancellableWork,
  ): Promise<void> {
    for (const [index, target] of targets.entries()) {
      const name = toPlainLine(toFileName(target.file.path), 80);
      report(targets.length === 1 ? name : `${name} (${index + 1} / ${targets.length})`);
      const onProgress = (bytes: number, total: number): void =>
        report(`${name}: ${l10n.t('{0} of {1}', toByteText(bytes), toByteText(total))}`);
      const bytes = await this.#read(target.file, { signal, onProgress });
      throwIfAborted(signal, 'Saving'); // nothing is written after it was cancelled
      await vscode.workspace.fs.writeFile(target.uri, bytes);
      await this.#record(target, bytes);
    }
  }

  async #read(
    { sessionId, path, recorded }: ChosenFile,
    call: Parameters<SessionFileSource['read']>[2],
  ): Promise<Uint8Array> {
    const { source } = this.#parts;
    return recorded === null
      ? (await source.read(sessionId, path, call)).bytes
      : source.readRecorded(sessionId, recorded);
  }

  /** The file is saved all the same where this fails. */
  async #record({ file, uri, replaced }: SaveTarget, bytes: Uint8Array): Promise<void> {
    if (file.recorded !== null || uri.scheme !== 'file') {
      return;
    }
    const sha256 = await hashBytes(bytes);
    const facts = {
      path: uri.fsPath,
      sourcePath: file.path,
      bytes: bytes.length,
      sha256,
      replaced,
    };
    await this.#parts.source.recordSaved(file.sessionId, facts).catch((thrown: unknown) => {
      this.#parts.log(`A saved file is not in its trace: ${toRlmError(thrown).message}`);
    });
  }
}

function requireSize({ path, bytes }: ChosenFile): void {
  if (bytes !== null && bytes > fileLimits.maxFileBytes) {
    throw tooLargeError(path, bytes);
  }
}

interface SaveTarget {
  readonly file: ChosenFile;
  readonly uri: vscode.Uri;
  readonly replaced: boolean;
}

/** The editor's dialog asks before it gives the name of a file that is there. */
async function askTarget(file: ChosenFile): Promise<readonly SaveTarget[]> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: l10n.t('Save file of a sandbox'),
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, toSafeName(file.path)) } : {}),
  });
  return uri ? [{ file, uri, replaced: await isThere(uri) }] : [];
}

async function askTargets(files: readonly ChosenFile[]): Promise<readonly SaveTarget[]> {
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: l10n.t('Save {0} files of a sandbox', files.length),
    openLabel: l10n.t('Save Here'),
    ...(workspace ? { defaultUri: workspace } : {}),
  });
  const folder = picked?.[0];
  if (!folder) {
    return [];
  }
  const names = planNames(files.map(({ path }) => path));
  const targets: SaveTarget[] = [];
  for (const [index, file] of files.entries()) {
    const uri = vscode.Uri.joinPath(folder, names[index] ?? toSafeName(file.path));
    targets.push({ file, uri, replaced: await isThere(uri) });
  }
  const there = targets.filter(({ replaced }) => replaced).map(({ uri }) => toFileName(uri.path));
  const question = l10n.t(
    '{0} of {1} files are there already. Replace them?',
    there.length,
    targets.length,
  );
  return keepConfirmed(targets, { question, names: there, isThere: ({ replaced }) => replaced });
}

async function isThere(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
