// Texts of traces in read-only editors: values, prompts, outputs. Kept in memory while their editor is open.

import * as vscode from 'vscode';
import { DisposableStore } from '../../base/disposable';

export const valueScheme = 'rlm-value';

export class ReadOnlyTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #store = new DisposableStore();
  #nextNumber = 1;

  constructor() {
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(valueScheme, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
  }

  /** `title` is what the editor's tab says; `language` an id of the editor's. */
  async open(title: string, text: string, language: string): Promise<void> {
    const name = title.replace(/[/\\?#%:*"<>|\p{Cc}]+/gu, ' ').trim() || 'value';
    const uri = vscode.Uri.from({ scheme: valueScheme, path: `/${this.#nextNumber++}/${name}` });
    this.#texts.set(uri.toString(), text);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
    if (document.languageId !== language) {
      await vscode.languages.setTextDocumentLanguage(document, language);
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.toString()) ??
      vscode.l10n.t(
        'This text was not kept when the window was reloaded. Open it from its trace again.',
      )
    );
  }

  dispose(): void {
    this.#texts.clear();
    this.#store.dispose();
  }
}
