// What is attached to a chat's question, as the context of a run: files and folders by their paths,
// selections and other texts as text.

import * as vscode from 'vscode';
import type { GivenContext } from '../../core/context';

/** Instructions, prompts and indexes that the editor attaches for the chat's own model. */
const notMaterial = /^vscode\.(instructions|prompt|customizations)/u;
/** What happens to be in sight stands for the file it is in. */
const viewportId = 'vscode.implicit.viewport';

interface Piece {
  readonly name: string;
  readonly text: string;
}

/** Null where nothing is attached. */
export async function readAttached(
  references: readonly vscode.ChatPromptReference[],
): Promise<GivenContext | null> {
  const paths = new Set<string>();
  const pieces: Piece[] = [];
  for (const { id, value } of references.filter((one) => !notMaterial.test(one.id))) {
    if (value instanceof vscode.Location && id !== viewportId) {
      pieces.push(await readPiece(value.uri, value.range));
    } else if (value instanceof vscode.Uri || value instanceof vscode.Location) {
      const uri = value instanceof vscode.Location ? value.uri : value;
      if (uri.scheme === 'file') {
        paths.add(uri.fsPath);
      } else {
        pieces.push(await readPiece(uri));
      }
    } else if (typeof value === 'string') {
      pieces.push({ name: id, text: value });
    }
  }
  return paths.size === 0 && pieces.length === 0
    ? null
    : { text: joinPieces(pieces), paths: [...paths] };
}

/** The open document where there is one: what is not saved yet counts. */
async function readPiece(uri: vscode.Uri, range?: vscode.Range): Promise<Piece> {
  const document = await vscode.workspace.openTextDocument(uri);
  const path = vscode.workspace.asRelativePath(uri);
  const name = range ? `${path}:${range.start.line + 1}–${range.end.line + 1}` : path;
  return { name, text: document.getText(range) };
}

function joinPieces(pieces: readonly Piece[]): string | null {
  const [first] = pieces;
  if (!first) {
    return null;
  }
  return pieces.length === 1
    ? first.text
    : pieces.map(({ name, text }) => `===== ${name} =====\n${text}`).join('\n\n');
}
