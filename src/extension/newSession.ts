// Opens sessions from the editor: over files, folders, or the selected text.

import * as vscode from 'vscode';
import { toByteText } from '../base/text';
import type { BackendName } from '../core/sandbox';
import type { Session } from '../core/session';
import { askEncoding } from './encodingChoice';
import { encodingUi } from './encodingMessage';
import type { EngineHost } from './engineHost';
import {
  type Material,
  type PickParts,
  pickMaterial,
  takeSelection,
  withEncoding,
} from './material';
import { toPlainText } from './plainText';
import { runCancellable } from './progress';
import type { SessionActions } from './sessionActions';
import { readLanguage, readLimits } from './settings';

export interface NewSessionParts extends PickParts {
  readonly actions: SessionActions;
  readonly host: EngineHost;
}

/**
 * Asks for files where none are given, and shows the trace. Where an encoding is in doubt, the person may
 * choose another: then the session is stopped, and a new one opened with it. `backend` null: the one that is set.
 */
export async function openFromFiles(
  given: readonly vscode.Uri[],
  parts: NewSessionParts,
  backend: BackendName | null = null,
): Promise<void> {
  const words = {
    label: vscode.l10n.t('Open Session'),
    title: vscode.l10n.t('Choose what the session is to be about'),
  };
  const material = await pickMaterial(given, words, parts);
  for (let next = material; next !== undefined;) {
    const session = await openSession(next, parts, backend);
    await parts.actions.openTrace(session.id, null);
    const { contexts } = session.summary;
    const encoding = await askEncoding(contexts, 'encodings', encodingUi);
    next = encoding === undefined ? undefined : withEncoding(next, encoding);
    if (next !== undefined) {
      await session.stop();
    }
  }
}

export async function openFromSelection(
  editor: vscode.TextEditor,
  parts: NewSessionParts,
): Promise<Session> {
  return openSession(takeSelection(editor), parts, null);
}

async function openSession(
  material: Material,
  { host }: NewSessionParts,
  backend: BackendName | null,
): Promise<Session> {
  return runCancellable(vscode.l10n.t('Opening the session'), async ({ signal, report }) => {
    const engine = await host.start();
    const request = {
      ...material,
      backend,
      language: readLanguage(),
      limits: readLimits(),
      onStage: (stage: string): void => report(toPlainText(stage)),
    };
    return engine.sessions.openSession(request, signal, (bytes) =>
      report(vscode.l10n.t('{0} read', toByteText(bytes))),
    );
  });
}
