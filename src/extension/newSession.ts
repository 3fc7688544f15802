// Opens sessions from the editor: over files, folders, or the selected text.

import * as vscode from 'vscode';
import { toByteText } from '../base/text';
import type { Session } from '../core/session';
import type { EngineHost } from './engineHost';
import { type Material, type PickParts, pickMaterial, takeSelection } from './material';
import { runCancellable } from './progress';
import { readLanguage, readLimits } from './settings';

export interface NewSessionParts extends PickParts {
  readonly host: EngineHost;
}

/** Asks for files where none are given; undefined when the person gave up. */
export async function openFromFiles(
  given: readonly vscode.Uri[],
  parts: NewSessionParts,
): Promise<Session | undefined> {
  const words = {
    label: vscode.l10n.t('Open Session'),
    title: vscode.l10n.t('Choose what the session is to be about'),
  };
  const material = await pickMaterial(given, words, parts);
  return material && openSession(material, parts);
}

export async function openFromSelection(
  editor: vscode.TextEditor,
  parts: NewSessionParts,
): Promise<Session> {
  return openSession(takeSelection(editor), parts);
}

async function openSession(material: Material, { host }: NewSessionParts): Promise<Session> {
  const request = { ...material, language: readLanguage(), limits: readLimits() };
  return runCancellable(vscode.l10n.t('Opening the session'), async ({ signal, report }) => {
    const engine = await host.start();
    return engine.sessions.openSession(request, signal, (bytes) =>
      report(vscode.l10n.t('{0} read', toByteText(bytes))),
    );
  });
}
