// The chat participant `@rlm`: a question over what is attached, or over the workspace, answered by a
// run that the chat shows while it goes on.

import * as vscode from 'vscode';
import type { GivenContext } from '../../core/context';
import { toRlmError } from '../../core/errors';
import { wordNextStep, wordWarning } from '../../core/nextSteps';
import type { LoopProgress, LoopResult } from '../../core/loop';
import { toRunModels } from '../ask/runModels';
import { runQuestion } from '../ask/runQuestion';
import { toCauseText, toProgressText, toUsageText } from '../ask/runWords';
import type { EngineHost } from '../engineHost';
import type { PickParts } from '../material';
import type { ModelAccess } from '../models/modelAccess';
import { toPlainText } from '../plainText';
import { listWorkspaceFolders } from '../readableFolders';
import { toAnswerMarkdown } from './answerMarkdown';
import { readAttached } from './chatContext';

interface ChatParticipantParts extends PickParts {
  readonly host: EngineHost;
  readonly models: ModelAccess;
  readonly iconUri: vscode.Uri;
}

/** As in package.json. */
const participantId = 'rlm.chat';

export function createParticipant(parts: ChatParticipantParts): vscode.Disposable {
  const participant = vscode.chat.createChatParticipant(
    participantId,
    (request, _context, stream, token) => answer(request, { stream, token, parts }),
  );
  participant.iconPath = parts.iconUri;
  return participant;
}

interface Turn {
  readonly stream: vscode.ChatResponseStream;
  readonly token: vscode.CancellationToken;
  readonly parts: ChatParticipantParts;
}

async function answer(request: vscode.ChatRequest, turn: Turn): Promise<vscode.ChatResult> {
  const { stream, token } = turn;
  const controller = new AbortController();
  const registration = token.onCancellationRequested(() => controller.abort());
  try {
    const context = await findContext(request, turn);
    if (context === null || request.prompt.trim() === '') {
      stream.markdown(
        vscode.l10n.t(
          'Ask a question about files: attach files or folders, select text, or open a folder, whose files are then all read.',
        ),
      );
      return {};
    }
    const result = await run(request, { ...turn, context, signal: controller.signal });
    showResult(result, stream);
    return { metadata: { sessionId: result.sessionId } };
  } catch (thrown) {
    return showError(thrown, stream);
  } finally {
    registration.dispose();
  }
}

async function findContext(
  { references }: vscode.ChatRequest,
  { parts }: Turn,
): Promise<GivenContext | null> {
  const attached = await readAttached(references);
  if (attached) {
    attached.paths.forEach(parts.allow); // a person has attached them
    return attached;
  }
  const folders = listWorkspaceFolders();
  return folders.length > 0 ? { text: null, paths: folders } : null;
}

async function run(
  { prompt, model: chatModel }: vscode.ChatRequest,
  {
    context,
    signal,
    stream,
    parts: { models, host },
  }: Turn & { readonly context: GivenContext; readonly signal: AbortSignal },
): Promise<LoopResult> {
  const settings = await models.readSettings();
  const configured = toRunModels(settings, null);
  await models.approveByName(configured.model);
  await models.approveByName(configured.subModel);
  // Choosing a model in the chat and sending the question is what a person does: consent can be asked.
  const chosen =
    configured.model === null
      ? toRunModels(settings, await models.approveChatModel(chatModel))
      : configured;
  const question = { text: prompt, context, models: chosen };
  return runQuestion(question, host, {
    signal,
    onLoad: () => undefined,
    onProgress: (progress) => showProgress(progress, stream),
  });
}

function showProgress(progress: LoopProgress, stream: vscode.ChatResponseStream): void {
  if (progress.kind === 'opened') {
    offerTrace(progress.sessionId, stream);
  }
  const line = toProgressText(progress);
  if (line !== null) {
    stream.progress(line);
  }
}

function offerTrace(sessionId: string, stream: vscode.ChatResponseStream): void {
  stream.button({
    command: 'rlm.openTrace',
    title: vscode.l10n.t('Open Trace'),
    arguments: [{ kind: 'session', sessionId }],
  });
}

function showResult(result: LoopResult, stream: vscode.ChatResponseStream): void {
  const about = `*${toCauseText(result)}* (${toUsageText(result)})`;
  const answer = result.answer === null ? [] : [toAnswerMarkdown(result.answer)];
  stream.markdown([...answer, ...toDoubts(result.warnings), about].join('\n\n'));
  offerTrace(result.sessionId, stream); // the chat folds up what came before the answer
}

const shownDoubts = 3;

/** What the answer may rest on wrongly, first of all the texts as they were read. */
function toDoubts(warnings: readonly string[]): readonly string[] {
  const shown = warnings.slice(0, shownDoubts).map((warning) => wordWarning(warning, 'editor'));
  const left = warnings.length - shown.length;
  const more = left > 0 ? [vscode.l10n.t('{0} more warnings are in the trace.', left)] : [];
  return [...shown, ...more].map((line) => `> ${toAnswerMarkdown(line.replaceAll('\n', ' '))}`);
}

function showError(thrown: unknown, stream: vscode.ChatResponseStream): vscode.ChatResult {
  const { code, message, nextStep } = toRlmError(thrown);
  if (code === 'CANCELLED') {
    return {};
  }
  if (code === 'MODEL_UNAVAILABLE') {
    stream.button({ command: 'rlm.chooseModels', title: vscode.l10n.t('Choose Models…') });
  }
  return {
    errorDetails: { message: toPlainText(`${message} ${wordNextStep(nextStep, 'editor')}`) },
  };
}
