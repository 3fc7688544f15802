// Opens the file that a context came from, at the range that was found in it.

import { readFile, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { SourcePlace } from '../../protocol/viewer';
import { type ReadableFiles, findAllowedFile } from './allowedFile';
import { toPosition } from './textPosition';

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
  const selection = await findSelection(file, place, summary);
  await vscode.window.showTextDocument(uri, { ...(selection ? { selection } : {}), preview: true });
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

async function findSelection(
  file: string,
  { line, range }: SourcePlace,
  { language }: Summary,
): Promise<vscode.Range | undefined> {
  if (range) {
    const text = new TextDecoder().decode(await readFile(file)); // without its byte order mark, as the context
    const start = toPosition(text, range.start, language);
    const end = toPosition(text, range.end, language);
    return new vscode.Range(start.line, start.character, end.line, end.character);
  }
  return line === null ? undefined : new vscode.Range(line - 1, 0, line - 1, 0);
}
