// Addresses of files in sandboxes as URIs of the editor.

import * as vscode from 'vscode';
import { type FileAddress, fileScheme, parseAddressPath, toAddressPath } from './fileAddress';

/** `recorded`: the SHA-256 of what was uploaded, as it is kept beside the trace; null: as it lies in the sandbox. */
export type OpenedFile = FileAddress & { readonly recorded: string | null };

const recordedPrefix = 'recorded=';

export function toFileUri(address: FileAddress, recorded: string | null = null): vscode.Uri {
  return vscode.Uri.from({
    scheme: fileScheme,
    path: toAddressPath(address),
    ...(recorded === null ? {} : { query: `${recordedPrefix}${recorded}` }),
  });
}

/** @throws FileSystemError 'FileNotFound' when it is none of ours. */
export function parseFileUri(uri: vscode.Uri): OpenedFile {
  const address = uri.scheme === fileScheme ? parseAddressPath(uri.path) : undefined;
  if (!address) {
    throw vscode.FileSystemError.FileNotFound(uri);
  }
  const isRecorded = uri.query.startsWith(recordedPrefix);
  return { ...address, recorded: isRecorded ? uri.query.slice(recordedPrefix.length) : null };
}
