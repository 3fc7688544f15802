// Scratch editors: code that a person runs in a session, with completions of its variables.

import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { RlmError } from '../core/errors';
import type { Summary } from '../core/summary';
import type { EngineHost } from './engineHost';
import { runCancellable } from './progress';
import type { SessionSource } from './sessionSource';
import { SessionDetails } from './sessions/sessionDetails';

/** Source: the tool contract, `rlm_run_repl` code. */
const maxCodeChars = 50_000;

interface ScratchParts {
  readonly host: EngineHost;
  readonly source: SessionSource;
  /** Shows the step that was run, beside the code. */
  readonly showStep: (summary: Summary, step: number) => Promise<void>;
}

interface Scratch {
  readonly sessionId: string;
  readonly details: SessionDetails;
}

export class ScratchEditors implements vscode.CompletionItemProvider, vscode.Disposable {
  readonly #parts: ScratchParts;
  readonly #store = new DisposableStore();
  readonly #scratches = new Map<string, Scratch>();

  constructor(parts: ScratchParts) {
    this.#parts = parts;
    const selector = ['python', 'javascript'].map((language) => ({ scheme: 'untitled', language }));
    this.#store.add(vscode.languages.registerCompletionItemProvider(selector, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#scratches.delete(uri.toString());
        this.#offer();
      }),
    );
  }

  async open(summary: Summary): Promise<void> {
    const { sessionId, language } = summary;
    const comment = language === 'python' ? '#' : '//';
    const hint = vscode.l10n.t(
      '{0}: runs in its session, where the text is `context`.',
      summary.title,
    );
    const content = `${comment} ${hint}\n\n`;
    const document = await vscode.workspace.openTextDocument({ language, content });
    const details = new SessionDetails(sessionId);
    this.#scratches.set(document.uri.toString(), { sessionId, details });
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
    const scratch = editor && this.#scratches.get(editor.document.uri.toString());
    if (!scratch) {
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
      const { session } = await engine.sessions.resume(scratch.sessionId, signal);
      return { session, step: await session.runStep({ code }, signal) };
    });
    await this.#parts.showStep(done.session.summary, done.step.step);
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
  ): Promise<vscode.CompletionItem[] | undefined> {
    const scratch = this.#scratches.get(document.uri.toString());
    if (!scratch) {
      return undefined;
    }
    const { source } = this.#parts;
    await scratch.details.update(await source.store());
    const contexts = (await source.readSummary(scratch.sessionId))?.contexts ?? [];
    const variables = scratch.details.variables.map(({ name, type, preview }) => {
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

  #offer(): void {
    const uris = [...this.#scratches.keys()];
    void vscode.commands.executeCommand('setContext', 'rlm.scratchResources', uris);
  }
}
