// Opens the file that a context came from, at the range that was found in it.

import { readFile, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { SourcePlace } from '../../protocol/viewer';
import { type ReadableFiles, findAllowedFile } from './allowedFile';
import { type LinePosition, toSelection } from './textPosition';

/** Larger files the editor itself does not open as text. */
const maxFileBytes = 50_000_000;

/** @throws RlmError 'INVALID_INPUT' when there is no such file in the folders that may be read. */
export async function openSourceFile(
  summary: Summary,
  place: SourcePlace,
  files: ReadableFiles,
): Promise<void> {
  const name = place.path ?? findOnlySource(summary);
  const file = await findAllowedFile(name, files);
  const uri = vscode.Uri.file(file);
  const { size } = await stat(file);
  if (size > maxFileBytes) {
    await vscode.commands.executeCommand('vscode.open', uri); // it asks the user
    return;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const bytes = place.range && (await readFile(file));
  const readings = [bytes && decodeUtf8(bytes), document.getText()].filter((text) => text !== null);
  const found = toSelection(readings, place, summary.language ?? 'python');
  const selection = found && new vscode.Range(toPosition(found.start), toPosition(found.end));
  await vscode.window.showTextDocument(document, {
    ...(selection ? { selection } : {}),
    preview: true,
  });
}

function findOnlySource(summary: Summary): string {
  const sources = summary.contexts.flatMap((context) => context.sources);
  const [only] = sources;
  if (!only || sources.length > 1 || summary.contexts[0]?.kind === 'text') {
    throw new RlmError('INVALID_INPUT', 'This context was given as text, not as one file.', {
      nextStep: 'Look at it with code: open the variable, or run a step that prints the range.',
    });
  }
  return only.path;
}

/** Without its byte order mark, as the context. Null: it is in another encoding. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text; // UTF-16 of plain Latin letters
  } catch {
    return null;
  }
}

function toPosition({ line, character }: LinePosition): vscode.Position {
  return new vscode.Position(line, character);
}
