// The editor's language models as `EditorModel`s.

import * as vscode from 'vscode';
import { onAbort } from '../../base/abort';
import type { ModelMessage } from '../../core/model';
import type { EditorModel, EditorModels } from './editorModel';

export function createEditorModels(access: vscode.LanguageModelAccessInformation): EditorModels {
  return {
    list: async () => {
      // Also makes the editor ask its vendors for their models.
      const models = await vscode.lm.selectChatModels();
      return models.map((model) => toEditorModel(model, access));
    },
  };
}

export function toEditorModel(
  model: vscode.LanguageModelChat,
  access: vscode.LanguageModelAccessInformation,
): EditorModel {
  const { vendor, id, family, name, maxInputTokens } = model;
  return {
    vendor,
    id,
    family,
    name,
    maxInputTokens,
    isAllowed: access.canSendRequest(model) !== false,
    countTokens: async (message, signal) =>
      withToken(signal, (token) => model.countTokens(toChatMessage(message), token)),
    ask: async (messages, signal) => {
      const source = new vscode.CancellationTokenSource();
      const registration = onAbort(signal, () => source.cancel());
      try {
        const options = { justification: toJustification() };
        const response = await model.sendRequest(
          messages.map(toChatMessage),
          options,
          source.token,
        );
        return response.text;
      } catch (thrown) {
        registration.dispose();
        throw thrown;
      }
    },
    askConsent: () => askConsent(model),
  };
}

/** Cancelled from the start, and says so at once: the editor's own tokens say it a moment later. */
const cancelled: vscode.CancellationToken = {
  isCancellationRequested: true,
  onCancellationRequested: (listener, thisArg) => {
    listener.call(thisArg, undefined);
    return new vscode.Disposable(() => undefined);
  },
};

/**
 * The editor asks for consent before it looks whether a request was cancelled, and sends nothing of one
 * that was. Source: VS Code 1.139, `ExtHostLanguageModels`.
 */
async function askConsent(model: vscode.LanguageModelChat): Promise<void> {
  try {
    const nothing = [vscode.LanguageModelChatMessage.User('')];
    await model.sendRequest(nothing, { justification: toJustification() }, cancelled);
  } catch (thrown) {
    const isCancellation = thrown instanceof Error && thrown.name === 'Canceled'; // of any class
    if (!isCancellation) {
      throw thrown;
    }
  }
}

/** The editor's messages have no role for the system: it speaks first, as the user. */
function toChatMessage({ role, text }: ModelMessage): vscode.LanguageModelChatMessage {
  return role === 'assistant'
    ? vscode.LanguageModelChatMessage.Assistant(text)
    : vscode.LanguageModelChatMessage.User(text);
}

function toJustification(): string {
  return vscode.l10n.t(
    'RLM asks it to write code over the texts you choose, and asks it about pieces of them.',
  );
}

async function withToken<T>(
  signal: AbortSignal,
  run: (token: vscode.CancellationToken) => Thenable<T>,
): Promise<T> {
  const source = new vscode.CancellationTokenSource();
  const registration = onAbort(signal, () => source.cancel());
  try {
    return await run(source.token);
  } finally {
    registration.dispose();
    source.dispose();
  }
}
