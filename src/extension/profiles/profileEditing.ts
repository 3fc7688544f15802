// Help with writing profiles: every fault at its line, and what may be written next. Nothing is loaded before a profile is
// open.

import path from 'node:path';
import * as vscode from 'vscode';
import { homedir } from 'node:os';
import schema from '../../../media/profile.schema.json';
import { toHomePath } from '../../store/home';
import type * as RuntimeBundle from '../../runtime';
import { toPlainText } from '../plainText';
import { readHome } from '../settings';
import { isProfileFile } from './profilePlace';
import { type SchemaPart, suggestKeys } from './suggestKeys';

type ProfileRuntime = Pick<typeof RuntimeBundle, 'parseProfileFile'>;

/** It completes and checks by the schema that is contributed to it. */
const yamlExtension = 'redhat.vscode-yaml';
const source = 'RLM';

export class ProfileEditing implements vscode.Disposable {
  readonly #loadRuntime: () => Promise<ProfileRuntime>;
  readonly #faults = vscode.languages.createDiagnosticCollection('rlm.profiles');
  readonly #registrations: readonly vscode.Disposable[];

  constructor(loadRuntime: () => Promise<ProfileRuntime>) {
    this.#loadRuntime = loadRuntime;
    const { workspace, languages } = vscode;
    this.#registrations = [
      this.#faults,
      workspace.onDidOpenTextDocument((document) => void this.#check(document)),
      workspace.onDidChangeTextDocument(({ document }) => void this.#check(document)),
      workspace.onDidCloseTextDocument(({ uri }) => this.#faults.delete(uri)),
      languages.registerCompletionItemProvider(
        { scheme: 'file', pattern: '**/profiles/*.{yaml,yml}' },
        { provideCompletionItems: complete },
      ),
    ];
    for (const document of workspace.textDocuments) {
      void this.#check(document);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#registrations).dispose();
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    if (!isProfile(document)) {
      return;
    }
    const { version } = document;
    const { parseProfileFile } = await this.#loadRuntime();
    if (document.isClosed || document.version !== version) {
      return; // a later text is checked by itself
    }
    const parsed = parseProfileFile(document.getText());
    const faults = parsed.kind === 'broken' ? parsed.faults : [];
    this.#faults.set(
      document.uri,
      faults.map(({ line, message }) => {
        const at = Math.min(document.lineCount, line ?? 1) - 1;
        const found = new vscode.Diagnostic(document.lineAt(at).range, toPlainText(message));
        found.source = source;
        return found;
      }),
    );
  }
}

/** Where the user's own profiles are. */
export function readProfileFolder(): string {
  const { env, platform } = process;
  return path.join(readHome() ?? toHomePath({ env, platform, homedir: homedir() }), 'profiles');
}

function isProfile({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === 'file' && isProfileFile(uri.fsPath, readProfileFolder());
}

function complete(
  document: vscode.TextDocument,
  position: vscode.Position,
): vscode.CompletionItem[] {
  if (!isProfile(document) || vscode.extensions.getExtension(yamlExtension)) {
    return [];
  }
  const lines = document.getText().split(/\r?\n/u);
  const range = document.getWordRangeAtPosition(position, /[\w-]+/u);
  const part: SchemaPart = schema;
  return suggestKeys(part, lines, position).map(({ kind, label, text, description }) => {
    const { Property, Value } = vscode.CompletionItemKind;
    const item = new vscode.CompletionItem(label, kind === 'key' ? Property : Value);
    item.insertText = text;
    item.documentation = description;
    if (range) {
      item.range = range;
    }
    return item;
  });
}
