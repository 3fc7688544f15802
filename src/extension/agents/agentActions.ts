// What a person can do with an agent, the same from the viewer, the tree, notifications and the palette.

import * as vscode from 'vscode';
import type { Decision } from '../../core/agent/agentEvent';
import type { AgentRuns } from '../../core/agent/agentRuns';
import type { OpenApproval } from '../../core/agent/approvalDesk';
import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import type { SessionSource } from '../sessionSource';
import { toWholeText } from './askedText';

interface AgentActionsParts {
  readonly host: EngineHost;
  readonly source: SessionSource;
  /** Shows the trace in a panel. */
  readonly showTrace: (sessionId: string) => Promise<void>;
}

/** How Codex is installed. */
export const installCommand = 'npm install -g @openai/codex';

export class AgentActions {
  readonly #parts: AgentActionsParts;

  constructor(parts: AgentActionsParts) {
    this.#parts = parts;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' in an untrusted workspace, and where Codex is not installed. */
  async requireRuns(): Promise<AgentRuns> {
    const { agents } = await this.#parts.host.start();
    if (!agents) {
      throw new RlmError('BACKEND_UNAVAILABLE', 'Agents need the Codex CLI, which was not found.', {
        nextStep: `Install it with ${installCommand}, then reload the window.`,
      });
    }
    return agents;
  }

  /** What a run that this window's engine has waits for. */
  listAsked(sessionId: string): readonly OpenApproval[] {
    return this.#parts.source.engine?.agents?.find(sessionId)?.approvals ?? [];
  }

  /** @throws RlmError 'INVALID_INPUT' where another answer, or the deadline, came first. */
  async decide(
    sessionId: string,
    { approvalId, decision }: { readonly approvalId: string; readonly decision: Decision },
  ): Promise<void> {
    const agents = await this.requireRuns();
    agents.decide(sessionId, { approvalId, decision, note: null }, { kind: 'person' });
  }

  /**
   * From where not all of what is asked is in view: it is shown first, in a dialog where it fits, else in the trace.
   * `approvalId` null: what the run waits for, whichever.
   */
  async answer(
    sessionId: string,
    approvalId: string | null,
    decision: 'accept' | 'decline',
  ): Promise<void> {
    const waiting = this.listAsked(sessionId);
    const [asked, more] = waiting.filter(
      (one) => approvalId === null || one.approvalId === approvalId,
    );
    if (!asked) {
      if (approvalId !== null) {
        await this.decide(sessionId, { approvalId, decision }); // it says who has answered
      }
      showNote(vscode.l10n.t('Nothing waits for an answer there.'));
      return;
    }
    const text = more ? null : toWholeText(asked);
    if (text === null) {
      await this.#parts.showTrace(sessionId); // it shows all of them, and all of each
      return;
    }
    const isAccepted = decision === 'accept';
    const answer = isAccepted ? vscode.l10n.t('Approve') : vscode.l10n.t('Decline');
    const question = isAccepted
      ? vscode.l10n.t('Let the agent run this command?')
      : vscode.l10n.t('Decline this command?');
    const options = { modal: true, detail: text };
    if ((await vscode.window.showWarningMessage(question, options, answer)) === answer) {
      await this.decide(sessionId, { approvalId: asked.approvalId, decision });
    }
  }

  /** At once while it works; one that has ended goes on with it. */
  async tell(sessionId: string, text: string): Promise<void> {
    await runCancellable(vscode.l10n.t('Telling the agent'), async () => {
      const agents = await this.requireRuns();
      await agents.resume(sessionId, text, 'user');
    });
  }

  /** Asks for the text. */
  async askAndTell({ sessionId, title, status }: Summary): Promise<void> {
    const { l10n } = vscode;
    const text = await vscode.window.showInputBox({
      title: l10n.t('Message to the agent “{0}”', toPlainLine(title, 80)),
      prompt:
        status === 'completed' || status === 'running' || status === 'awaiting_approval'
          ? l10n.t('It is told at once, also while it works.')
          : l10n.t('The run goes on with it, where it was, by the profile it began with.'),
      ignoreFocusOut: true,
      validateInput: (value) => (value.trim() === '' ? l10n.t('Write the message first.') : null),
    });
    if (text !== undefined) {
      await this.tell(sessionId, text);
    }
  }

  /** Asks first. */
  async stop({ sessionId, title }: Summary): Promise<void> {
    const { l10n } = vscode;
    const stop = l10n.t('Stop');
    const question = l10n.t('Stop the agent “{0}”?', toPlainLine(title, 80));
    const detail = l10n.t(
      'All that it has started ends, its children too. What it has changed stays where it worked.',
    );
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail }, stop);
    if (chosen === stop) {
      await runCancellable(l10n.t('Stopping the agent'), async () => {
        const agents = await this.requireRuns();
        await agents.terminate(sessionId, 'A person stopped it.');
      });
    }
  }

  /** In a window of its own. */
  async openFolder(sessionId: string): Promise<void> {
    const { folder } = await this.#readPlace(sessionId);
    const uri = vscode.Uri.file(folder);
    const isThere = await vscode.workspace.fs.stat(uri).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      throw new RlmError('INVALID_INPUT', `The folder ${folder} is not there any more.`, {
        nextStep: 'Nothing of its own was in it, or it was removed; its trace says what was done.',
      });
    }
    await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true });
  }

  async copyBranch(sessionId: string): Promise<void> {
    const { branch } = await this.#readPlace(sessionId);
    if (branch === null) {
      throw new RlmError('INVALID_INPUT', 'This agent works in the folder itself, on no branch.', {
        nextStep: 'Look at what changed in the folder with Source Control.',
      });
    }
    await vscode.env.clipboard.writeText(branch);
    showNote(vscode.l10n.t('Copied {0}', branch));
  }

  async #readPlace(sessionId: string) {
    const { place } = await (await this.requireRuns()).read(sessionId);
    if (!place) {
      throw new RlmError('INVALID_INPUT', 'The agent has not begun to work anywhere yet.', {
        nextStep: 'Wait until it runs.',
      });
    }
    return place;
  }
}
