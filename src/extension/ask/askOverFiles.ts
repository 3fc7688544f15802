// "RLM: Ask over Files…": a question about files, folders or selected text, answered by a run whose
// trace opens as soon as it has begun.

import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import type { GivenContext } from '../../core/context';
import { type LoopResult, maxTaskChars } from '../../core/loop';
import type { ReadOnlyTexts } from '../documents/readOnlyTexts';
import {
  type Material,
  type PickParts,
  pickMaterial,
  takeSelection,
  withEncoding,
} from '../material';
import { askEncoding } from '../encodingChoice';
import { encodingUi } from '../encodingMessage';
import { showFailure } from '../messages';
import type { ChooseModelsParts } from '../models/chooseModels';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import type { SessionActions } from '../sessionActions';
import { readyModels } from './readyModels';
import { runQuestion } from './runQuestion';
import type { RunModels } from './runModels';
import { toCauseText, toProgressText, toUsageText } from './runWords';

export interface AskParts extends ChooseModelsParts, PickParts {
  readonly actions: SessionActions;
  readonly texts: ReadOnlyTexts;
}

/** Asks for files where none are given. */
export async function askOverFiles(given: readonly vscode.Uri[], parts: AskParts): Promise<void> {
  const words = {
    label: vscode.l10n.t('Ask'),
    title: vscode.l10n.t('Choose what the question is about'),
  };
  const material = await pickMaterial(given, words, parts);
  return material && ask(material, parts);
}

export async function askOverSelection(editor: vscode.TextEditor, parts: AskParts): Promise<void> {
  return ask(takeSelection(editor), parts);
}

async function ask(material: Material, parts: AskParts): Promise<void> {
  const { title } = material;
  const models = await readyModels(parts);
  if (!models) {
    return;
  }
  const question = await vscode.window.showInputBox({
    title: vscode.l10n.t('Ask over {0}', toPlainLine(title, 80)),
    placeHolder: vscode.l10n.t('Which error came most often, and when did it begin?'),
    prompt: vscode.l10n.t('A model writes code over the text, which runs in the sandbox.'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.length > maxTaskChars
        ? vscode.l10n.t('At most {0} characters', maxTaskChars)
        : undefined,
  });
  if (question?.trim()) {
    await answer(question, { material, models }, parts);
  }
}

interface AskedOver {
  readonly material: Material;
  readonly models: RunModels;
}

async function answer(question: string, over: AskedOver, parts: AskParts): Promise<void> {
  const { models, material } = over;
  const onOpened = (sessionId: string): void => {
    offerEncoding(sessionId, question, { over, parts }).catch(showFailure);
  };
  const given = { context: material.context, models, onOpened };
  await showAnswer(question, await run(question, given, parts), parts);
}

/** Tells what is in doubt about the text; with another encoding the question is asked anew. */
async function offerEncoding(
  sessionId: string,
  question: string,
  { over, parts }: { readonly over: AskedOver; readonly parts: AskParts },
): Promise<void> {
  const { actions } = parts;
  const { contexts } = await (await parts.host.start()).sessions.readSummary(sessionId);
  const encoding = await askEncoding(contexts, 'all', encodingUi);
  if (encoding !== undefined) {
    await actions.stop(sessionId).catch(() => undefined); // its run may have ended meanwhile
    await answer(question, { ...over, material: withEncoding(over.material, encoding) }, parts);
  }
}

async function run(
  text: string,
  {
    onOpened,
    ...given
  }: {
    readonly context: GivenContext;
    readonly models: RunModels;
    readonly onOpened: (sessionId: string) => void;
  },
  { host, actions }: AskParts,
): Promise<LoopResult> {
  return runCancellable(vscode.l10n.t('RLM is working on the answer'), ({ signal, report }) =>
    runQuestion({ text, ...given }, host, {
      signal,
      onLoad: (bytes) => report(vscode.l10n.t('{0} read', toByteText(bytes))),
      onProgress: (progress) => {
        if (progress.kind === 'opened') {
          actions.openTrace(progress.sessionId, null).catch(showFailure);
          onOpened(progress.sessionId);
        }
        const line = toProgressText(progress);
        if (line !== null) {
          report(line);
        }
      },
    }),
  );
}

/**
 * As text, not as a rendered page: what a model wrote after reading the context could carry pieces of it
 * away in the address of an image.
 */
async function showAnswer(
  question: string,
  result: LoopResult,
  { texts, actions }: AskParts,
): Promise<void> {
  const { answer, finishReason, sessionId } = result;
  const cause = toCauseText(result);
  if (answer !== null) {
    const link = actions.toLink(sessionId, null);
    const document = [answer, '---', cause, toUsageText(result), link].join('\n\n');
    await texts.open(`${toPlainLine(question, 60)}.md`, `${document}\n`, 'markdown');
  }
  if (finishReason !== 'submitted') {
    const openTrace = vscode.l10n.t('Open Trace');
    if ((await vscode.window.showWarningMessage(cause, openTrace)) === openTrace) {
      await actions.openTrace(sessionId, null);
    }
  }
}
