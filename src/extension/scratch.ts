// Scratch editors: code that a person runs in a session, with completions of its variables.

import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { RlmError } from '../core/errors';
import { maxCodeChars } from '../core/limits';
import type { ReplSummary, Summary } from '../core/summary';
import type { EngineHost } from './engineHost';
import type { Memory } from './memory';
import { runCancellable } from './progress';
import { ScratchLinks } from './scratchLinks';
import type { SessionSource } from './sessionSource';
import { SessionDetails } from './sessions/sessionDetails';

interface ScratchParts {
  readonly host: EngineHost;
  readonly source: SessionSource;
  /** Of this window. */
  readonly memory: Memory;
  /** Shows the step that was run, beside the code. */
  readonly showStep: (summary: Summary, step: number) => Promise<void>;
}

export class ScratchEditors implements vscode.CompletionItemProvider, vscode.Disposable {
  readonly #parts: ScratchParts;
  readonly #store = new DisposableStore();
  readonly #links: ScratchLinks;
  /** By session. */
  readonly #details = new Map<string, SessionDetails>();

  constructor(parts: ScratchParts) {
    this.#parts = parts;
    this.#links = new ScratchLinks(parts.memory);
    const selector = ['python', 'javascript'].map((language) => ({ scheme: 'untitled', language }));
    this.#store.add(vscode.languages.registerCompletionItemProvider(selector, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument((document) => {
        // Of a document whose language changes it is told too.
        if (!vscode.workspace.textDocuments.includes(document)) {
          this.#forget(document);
        }
      }),
    );
    const forgetEmpty = (document: vscode.TextDocument): void => {
      if (document.getText() === '') {
        this.#forget(document); // a new one of a name that was free again
      }
    };
    this.#store.add(vscode.workspace.onDidOpenTextDocument(forgetEmpty));
    vscode.workspace.textDocuments.forEach(forgetEmpty);
    this.#offer();
  }

  async open(summary: ReplSummary): Promise<void> {
    const { sessionId, language } = summary;
    const comment = language === 'python' ? '#' : '//';
    const hint = vscode.l10n.t(
      '{0}: runs in its session, where the text is `context`.',
      summary.title,
    );
    const content = `${comment} ${hint}\n\n`;
    const document = await vscode.workspace.openTextDocument({ language, content });
    await this.#links.add(document.uri.toString(), sessionId);
    this.#offer();
    const end = document.positionAt(content.length);
    await vscode.window.showTextDocument(document, {
      preview: false,
      selection: new vscode.Range(end, end),
      viewColumn: vscode.ViewColumn.Beside, // the trace stays in sight
    });
  }

  /** Runs the selection, or all of it. */
  async run(editor: vscode.TextEditor | undefined): Promise<void> {
    const sessionId = editor && this.#links.find(editor.document.uri.toString());
    if (!editor || sessionId === undefined) {
      throw new RlmError('INVALID_INPUT', 'This editor belongs to no session.', {
        nextStep: 'Open one with “RLM: Run Code in a Session…”.',
      });
    }
    const { document, selection } = editor;
    const code = selection.isEmpty ? document.getText() : document.getText(selection);
    if (code.length > maxCodeChars) {
      throw new RlmError('INVALID_INPUT', `The code has ${code.length} characters.`, {
        nextStep: `Run at most ${maxCodeChars} at a time: select a part of it.`,
      });
    }
    const title = vscode.l10n.t('Running the code');
    const done = await runCancellable(title, async ({ signal }) => {
      const engine = await this.#parts.host.start();
      const { session } = await engine.sessions.resume(sessionId, signal);
      return { session, step: await session.runStep({ code }, signal) };
    });
    await this.#parts.showStep(done.session.summary, done.step.step);
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
  ): Promise<vscode.CompletionItem[] | undefined> {
    const sessionId = this.#links.find(document.uri.toString());
    if (sessionId === undefined) {
      return undefined;
    }
    const { source } = this.#parts;
    const details = this.#details.get(sessionId) ?? new SessionDetails(sessionId);
    this.#details.set(sessionId, details);
    await details.update(await source.store());
    const contexts = (await source.readSummary(sessionId))?.contexts ?? [];
    const variables = details.variables.map(({ name, type, preview }) => {
      const item = new vscode.CompletionItem(name, vscode.CompletionItemKind.Variable);
      item.detail = type;
      item.documentation = preview;
      return item;
    });
    const texts = contexts.map(({ variable, totalChars }) => {
      const item = new vscode.CompletionItem(variable, vscode.CompletionItemKind.Variable);
      item.detail = vscode.l10n.t('{0} characters', totalChars.toLocaleString());
      return item;
    });
    return [...texts, ...variables];
  }

  dispose(): void {
    this.#store.dispose();
  }

  #forget({ uri }: vscode.TextDocument): void {
    const sessionId = this.#links.find(uri.toString());
    if (sessionId !== undefined) {
      void this.#links.remove(uri.toString()).catch(() => undefined); // here it is forgotten
      this.#details.delete(sessionId);
      this.#offer();
    }
  }

  #offer(): void {
    void vscode.commands.executeCommand('setContext', 'rlm.scratchResources', this.#links.uris);
  }
}
