// A notification for each approval that waits for a person in this window. It can be answered there only where it shows
// the whole command; who answers first, here or elsewhere, decides, and a later click is told so.

import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../base/disposable';
import type { AgentAsked } from '../../core/agent/agentEvent';
import type { Engine } from '../../core/engine';
import type { EngineHost } from '../engineHost';
import { showFailure } from '../messages';
import { toPlainLine } from '../plainText';
import { readNotifiesApprovals } from '../settings';
import type { AgentActions } from './agentActions';
import { toWholeFolder, toWholeLine } from './askedText';

interface NoticeParts {
  readonly host: EngineHost;
  readonly agents: AgentActions;
  readonly showTrace: (sessionId: string) => Promise<void>;
  /** The session whose trace has the focus: what it waits for is in view there. */
  readonly readActive: () => string | null;
}

export class ApprovalNotices implements vscode.Disposable {
  readonly #parts: NoticeParts;
  readonly #store = new DisposableStore();
  #following: Disposable | undefined;

  constructor(parts: NoticeParts) {
    this.#parts = parts;
    this.#store.add(parts.host.onDidChange((engine) => this.#follow(engine)));
  }

  dispose(): void {
    this.#following?.dispose();
    this.#store.dispose();
  }

  #follow(engine: Engine | undefined): void {
    this.#following?.dispose();
    this.#following = engine?.sessions.onDidChange(({ sessionId, event }) => {
      if (event.kind === 'agent.asked') {
        // A rule of its profile may answer at once.
        setImmediate(() => {
          if (this.#waits(sessionId, event)) {
            this.#notify(sessionId, event).catch(showFailure);
          }
        });
      }
    });
  }

  #waits(sessionId: string, { approvalId }: AgentAsked): boolean {
    const asked = this.#parts.agents.listAsked(sessionId);
    return asked.some((one) => one.approvalId === approvalId);
  }

  async #notify(sessionId: string, asked: AgentAsked): Promise<void> {
    const { agents, host, showTrace, readActive } = this.#parts;
    if (!readNotifiesApprovals() || readActive() === sessionId) {
      return;
    }
    const { l10n } = vscode;
    const title = toPlainLine(host.engine?.agents?.find(sessionId)?.opened.title ?? '', 60);
    const folder = toWholeFolder(asked); // the same command does other things elsewhere
    const line = folder === null ? null : toWholeLine(asked);
    const text =
      line === null || folder === null
        ? l10n.t('The agent “{0}” waits for your approval. Show it to read all of it.', title)
        : l10n.t('The agent “{0}” asks to run in {1}: {2}', title, folder, line);
    const [approve, decline, show] = [l10n.t('Approve'), l10n.t('Decline'), l10n.t('Show')];
    const buttons = line === null ? [show, decline] : [approve, decline, show];
    const chosen = await vscode.window.showWarningMessage(text, ...buttons);
    const { approvalId } = asked;
    if (chosen === show) {
      await showTrace(sessionId);
    } else if (chosen !== undefined) {
      const decision = chosen === approve ? 'accept' : 'decline';
      await agents.decide(sessionId, { approvalId, decision });
    }
  }
}
