// What an agent has left in its worktree, judged in the editor: shown file by file, accepted, merged back, or discarded.

import path from 'node:path';
import * as vscode from 'vscode';
import { AgentReviews } from '../../core/agent/agentReviews';
import type { MergePreview, WorkspaceReview } from '../../core/agent/workspaces';
import type { FileChange } from '../../core/agent/agentEvent';
import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { toPlainLine, toPlainText } from '../plainText';
import { runCancellable } from '../progress';
import type { AgentActions } from './agentActions';

const scheme = 'rlm-agent-base';
const maxNamed = 20;

interface ReviewParts {
  readonly host: EngineHost;
  readonly agents: AgentActions;
}

export class AgentReview implements vscode.Disposable {
  readonly #parts: ReviewParts;
  readonly #registration: vscode.Disposable;

  constructor(parts: ReviewParts) {
    this.#parts = parts;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, {
      provideTextDocumentContent: async ({ authority, path: file }) => {
        const reviews = await this.#open();
        return (await reviews.open(authority)).readOriginal(file.slice(1));
      },
    });
  }

  dispose(): void {
    this.#registration.dispose();
  }

  /** In the editor's own diff of several files: as they were when it began, and as they are in its worktree. */
  async show({ sessionId, title }: Summary): Promise<void> {
    const { l10n } = vscode;
    const [review, changes] = await runCancellable(
      l10n.t('Reading what the agent has changed'),
      async ({ signal }) => {
        const found = await (await this.#open()).open(sessionId);
        return [found, (await found.readChanges(signal)).changes] as const;
      },
    );
    if (changes.length === 0) {
      showNote(l10n.t('The agent has changed nothing in its worktree.'));
      return;
    }
    const resources = changes.map((change) => toResource(sessionId, review, change));
    const name = l10n.t('Changes of “{0}”', toPlainLine(title, 60));
    await vscode.commands.executeCommand('vscode.changes', name, resources);
  }

  /** Commits all of it on its branch. */
  async accept({ sessionId, title }: Summary): Promise<void> {
    const { l10n } = vscode;
    const message = await vscode.window.showInputBox({
      title: l10n.t('Accept what the agent has changed'),
      prompt: l10n.t('The message of the commit on its branch. Nothing is merged or pushed.'),
      value: toPlainLine(title, 72),
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? l10n.t('Write the message first.') : null),
    });
    if (message === undefined) {
      return;
    }
    const { branch } = await runCancellable(l10n.t('Committing'), async ({ signal }) =>
      (await this.#open()).accept(sessionId, message, signal),
    );
    const merge = l10n.t('Merge Back…');
    const text = l10n.t('Committed on {0}.', branch);
    if ((await vscode.window.showInformationMessage(text, merge)) === merge) {
      await this.merge(sessionId);
    }
  }

  /** Says first what it would change, or what is in conflict. */
  async merge(sessionId: string): Promise<void> {
    const { l10n } = vscode;
    const [review, preview] = await runCancellable(
      l10n.t('Looking at what would be merged'),
      async ({ signal }) => {
        const found = await (await this.#open()).open(sessionId);
        return [found, await found.previewMerge(signal)] as const;
      },
    );
    throwIfUnmergeable(review, preview);
    const { into, changes, commits } = preview;
    const merge = l10n.t('Merge');
    const question = l10n.t('Merge {0} into {1}?', review.branch, into);
    const detail = [
      l10n.t('{0} commits change {1} files in {2}:', commits, changes.length, review.repository),
      ...changes.slice(0, maxNamed).map(({ path: file, change }) => `${marks[change]} ${file}`),
      ...(changes.length > maxNamed ? [l10n.t('and {0} more', changes.length - maxNamed)] : []),
    ];
    const options = { modal: true, detail: toPlainText(detail.join('\n')) };
    if ((await vscode.window.showWarningMessage(question, options, merge)) !== merge) {
      return;
    }
    const message = `Merge branch '${review.branch}'`;
    await runCancellable(l10n.t('Merging'), async ({ signal }) =>
      (await this.#open()).merge(sessionId, { message, shown: preview }, signal),
    );
    showNote(l10n.t('Merged {0} into {1}.', review.branch, into));
  }

  async discard({ sessionId, title }: Summary): Promise<void> {
    const { l10n } = vscode;
    const discard = l10n.t('Discard');
    const question = l10n.t('Discard what the agent “{0}” has changed?', toPlainLine(title, 80));
    const detail = l10n.t(
      'Its worktree and its branch are removed. All but ignored files can be had again by a ref of the repository, which is told then.',
    );
    const options = { modal: true, detail };
    if ((await vscode.window.showWarningMessage(question, options, discard)) !== discard) {
      return;
    }
    const { keptAs } = await runCancellable(l10n.t('Discarding'), async () =>
      (await this.#open()).discard(sessionId),
    );
    const copy = l10n.t('Copy Name');
    const text = l10n.t('Discarded. It can be had again from {0}.', keptAs);
    if ((await vscode.window.showInformationMessage(text, copy)) === copy) {
      await vscode.env.clipboard.writeText(keptAs);
    }
  }

  async #open(): Promise<AgentReviews> {
    const runs = await this.#parts.agents.requireRuns();
    const { traces } = await this.#parts.host.start();
    return new AgentReviews({ runs, traces });
  }
}

const marks = { add: '+', update: '~', delete: '−' } as const;

function throwIfUnmergeable(
  { branch, repository }: WorkspaceReview,
  { conflicts, into }: MergePreview,
): void {
  if (conflicts.length > 0) {
    const named = conflicts.slice(0, maxNamed).join(', ');
    const more = conflicts.length > maxNamed ? ` and ${conflicts.length - maxNamed} more` : '';
    throw new RlmError(
      'INVALID_INPUT',
      `${branch} does not merge into ${into} by itself, and nothing was changed. In conflict: ${named}${more}.`,
      { nextStep: `Merge it by hand in ${repository}, with git merge ${branch}.` },
    );
  }
}

/** What the editor's diff is given: the file's name, as it was, as it is; where it is not there, nothing. */
function toResource(
  sessionId: string,
  { folder }: WorkspaceReview,
  { path: file, change }: FileChange,
): readonly [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] {
  const now = vscode.Uri.file(path.join(folder, file));
  const before = vscode.Uri.from({ scheme, authority: sessionId, path: `/${file}` });
  return [now, change === 'add' ? undefined : before, change === 'delete' ? undefined : now];
}
