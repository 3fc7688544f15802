// What a person can do with an agent, the same from the viewer, the tree, notifications and the palette.

import * as vscode from 'vscode';
import type { AgentRuns } from '../../core/agent/agentRuns';
import type { Decision } from '../../core/agent/agentEvent';
import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { EngineHost } from '../engineHost';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import type { SessionSource } from '../sessionSource';

interface AgentActionsParts {
  readonly host: EngineHost;
  readonly source: SessionSource;
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

  /** @throws RlmError 'INVALID_INPUT' where another answer, or the deadline, came first. */
  async decide(
    sessionId: string,
    { approvalId, decision }: { readonly approvalId: string; readonly decision: Decision },
  ): Promise<void> {
    const agents = await this.requireRuns();
    agents.decide(sessionId, { approvalId, decision, note: null }, { kind: 'person' });
  }

  /** At once while it works; one that has ended goes on with it. */
  async tell(sessionId: string, text: string): Promise<void> {
    await runCancellable(vscode.l10n.t('Telling the agent'), async () => {
      const agents = await this.requireRuns();
      await agents.resume(sessionId, text, 'user');
    });
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
}
