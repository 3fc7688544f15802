// "RLM: Upload File to Session…": puts files that a person has chosen into a sandbox.

import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import { RlmError, throwIfAborted, toRlmError } from '../../core/errors';
import { isMissingFile, tooLargeError } from '../../core/fileTransfer';
import { fileLimits } from '../../core/sandboxFiles';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import { toFileName } from './fileAddress';
import { keepConfirmed } from './replaceDialog';
import { type SessionFileSource, workFolder } from './sessionFileSource';

export interface UploadParts {
  readonly files: SessionFileSource;
  readonly host: EngineHost;
  /** A person has chosen this file, so it may be read from now on. */
  readonly allow: (path: string) => void;
}

interface UploadTarget {
  readonly sessionId: string;
  /** In the sandbox. */
  readonly folder: string;
}

interface GivenFile {
  readonly uri: vscode.Uri;
  /** In the sandbox. */
  readonly path: string;
  readonly overwrite: boolean;
}

const { l10n } = vscode;

/** Asks for files where none are given, and before one in the sandbox is replaced. */
export async function uploadFiles(
  given: readonly vscode.Uri[],
  target: UploadTarget,
  parts: UploadParts,
): Promise<void> {
  const uris = given.length > 0 ? given : await pickFiles();
  const files = await planUploads(uris, target, parts);
  if (files.length === 0) {
    return;
  }
  const failures: { readonly uri: vscode.Uri; readonly thrown: unknown }[] = [];
  await runCancellable(l10n.t('Uploading files'), async ({ signal, report }) => {
    for (const [index, file] of files.entries()) {
      const name = toPlainLine(toFileName(file.path), 80);
      report(files.length === 1 ? name : `${name} (${index + 1} / ${files.length})`);
      const onProgress = (bytes: number, total: number): void =>
        report(`${name}: ${l10n.t('{0} of {1}', toByteText(bytes), toByteText(total))}`);
      await upload(file, target, { ...parts, signal, onProgress }).catch((thrown: unknown) => {
        throwIfAborted(signal, 'Uploading');
        failures.push({ uri: file.uri, thrown });
      });
    }
  });
  tellEnd(files, failures);
}

async function pickFiles(): Promise<readonly vscode.Uri[]> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const picked = await vscode.window.showOpenDialog({
    canSelectMany: true,
    title: l10n.t('Choose files for the sandbox'),
    openLabel: l10n.t('Upload'),
    ...(folder ? { defaultUri: folder } : {}),
  });
  return picked ?? [];
}

/** Without those that a person does not want to replace. @throws RlmError 'INVALID_INPUT' for what is no file, or too large. */
async function planUploads(
  uris: readonly vscode.Uri[],
  { sessionId, folder }: UploadTarget,
  { files }: UploadParts,
): Promise<readonly GivenFile[]> {
  const planned: GivenFile[] = [];
  for (const uri of uris) {
    const { type, size } = await vscode.workspace.fs.stat(uri);
    const shown = toPlainLine(vscode.workspace.asRelativePath(uri), 200);
    if ((type & vscode.FileType.Directory) !== 0) {
      throw new RlmError('INVALID_INPUT', `${shown} is a folder.`, {
        nextStep: 'Choose the files in it, or pack them into one.',
      });
    }
    if (size > fileLimits.maxFileBytes) {
      throw tooLargeError(shown, size);
    }
    const name = toFileName(uri.path);
    const path = folder === workFolder ? name : `${folder}/${name}`;
    planned.push({ uri, path, overwrite: await isInSandbox(files, sessionId, path) });
  }
  const names = planned.filter(({ overwrite }) => overwrite).map(({ path }) => toFileName(path));
  const question = l10n.t(
    '{0} of {1} files are in the sandbox already. Replace them?',
    names.length,
    planned.length,
  );
  return keepConfirmed(planned, { question, names, isThere: ({ overwrite }) => overwrite });
}

async function isInSandbox(
  files: SessionFileSource,
  sessionId: string,
  path: string,
): Promise<boolean> {
  const title = l10n.t('Looking at the session’s files');
  try {
    await runCancellable(title, ({ signal }) => files.stat(sessionId, path, { signal }));
    return true;
  } catch (thrown) {
    if (isMissingFile(thrown)) {
      return false;
    }
    throw thrown;
  }
}

/** A file of this machine is named in the trace; the content of any other is kept beside it. */
async function upload(
  { uri, path, overwrite }: GivenFile,
  { sessionId }: UploadTarget,
  { files, host, allow, ...call }: UploadParts & Parameters<SessionFileSource['upload']>[2],
): Promise<void> {
  if (uri.scheme !== 'file') {
    const bytes = await vscode.workspace.fs.readFile(uri);
    await files.upload(sessionId, { path, bytes, overwrite, sourcePath: null }, call);
    return;
  }
  allow(uri.fsPath);
  const engine = await host.start();
  const read = await engine.readHostFile(uri.fsPath, fileLimits.maxFileBytes, call.signal);
  const file = { path, bytes: read.bytes, overwrite, sourcePath: read.path };
  await files.upload(sessionId, file, call);
}

function tellEnd(
  files: readonly GivenFile[],
  failures: readonly { readonly uri: vscode.Uri; readonly thrown: unknown }[],
): void {
  const [failed] = failures;
  if (failed) {
    const { code, message, nextStep } = toRlmError(failed.thrown);
    const name = toPlainLine(toFileName(failed.uri.path), 80);
    const count = `${failures.length} of ${files.length} files were not uploaded`;
    throw files.length === 1
      ? failed.thrown
      : new RlmError(code, `${count} (${name}): ${message}`, { cause: failed.thrown, nextStep });
  }
  const [first] = files;
  const name = toPlainLine(toFileName(first?.path ?? ''), 80);
  const isOne = files.length === 1;
  showNote(isOne ? l10n.t('Uploaded {0}', name) : l10n.t('Uploaded {0} files', files.length));
}
