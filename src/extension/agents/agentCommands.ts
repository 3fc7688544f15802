// Commands about agents, called on nodes of the tree, the trace in front, files of the explorer, or from the palette.

import * as vscode from 'vscode';
import type { Summary } from '../../core/summary';
import { toNode } from '../commands/chosenNodes';
import { toUris } from '../commands/fileCommands';
import { findTarget } from '../commands/targets';
import { listWorkspaceFolders } from '../readableFolders';
import type { SessionActions } from '../sessionActions';
import type { SessionIndex } from '../sessions/sessionIndex';
import type { AgentActions } from './agentActions';
import type { AgentReview } from './agentReview';
import { toMaterial, toSelectionMaterial } from './agentMaterial';
import { newAgent } from './newAgent';

export interface AgentCommandParts {
  readonly agents: AgentActions;
  readonly review: AgentReview;
  readonly actions: SessionActions;
  readonly index: SessionIndex;
  readonly readActive: () => string | null;
}

type Run = (...args: unknown[]) => Promise<unknown> | void;

export function listAgentCommands(parts: AgentCommandParts): Record<string, Run> {
  const { agents, review, actions, index } = parts;
  const start = {
    agents,
    listFolders: listWorkspaceFolders,
    showAgent: (sessionId: string) => actions.openTrace(sessionId, null),
  };
  const onAgent =
    (matches: (summary: Summary) => boolean, run: (sessionId: string) => Promise<unknown>): Run =>
    async (...args) => {
      const isAgent = (summary: Summary): boolean => summary.agent !== null && matches(summary);
      const sessionId = await findTarget(args, isAgent, parts);
      return sessionId === undefined ? undefined : run(sessionId);
    };
  const any = (): boolean => true;
  const answer =
    (decision: 'accept' | 'decline'): Run =>
    (...args) => {
      const node = toNode(args);
      const approvalId = node?.kind === 'approval' ? node.approvalId : null;
      const waits = ({ agent }: Summary): boolean => (agent?.waitingFor ?? 0) > 0;
      return onAgent(waits, (sessionId) => agents.answer(sessionId, approvalId, decision))(...args);
    };
  return {
    newAgent: async (...args) => {
      const files = await Promise.all(
        toUris(args).map(async (uri) => ({
          path: uri.fsPath,
          isFolder: (await vscode.workspace.fs.stat(uri)).type === vscode.FileType.Directory,
        })),
      );
      return newAgent(toMaterial(files, listWorkspaceFolders()), start);
    },
    newAgentFromSelection: async () => {
      const editor = vscode.window.activeTextEditor;
      return editor && newAgent(readSelection(editor), start);
    },
    approveAgent: answer('accept'),
    declineAgent: answer('decline'),
    messageAgent: onAgent(any, async (sessionId) =>
      agents.askAndTell(await actions.readSummary(sessionId)),
    ),
    openWorktree: onAgent(any, (sessionId) => agents.openFolder(sessionId)),
    copyBranch: onAgent(any, (sessionId) => agents.copyBranch(sessionId)),
    showChanges: onAgent(any, async (sessionId) =>
      review.show(await actions.readSummary(sessionId)),
    ),
    acceptChanges: onAgent(any, async (sessionId) =>
      review.accept(await actions.readSummary(sessionId)),
    ),
    mergeBranch: onAgent(any, (sessionId) => review.merge(sessionId)),
    discardChanges: onAgent(any, async (sessionId) =>
      review.discard(await actions.readSummary(sessionId)),
    ),
    stopAgent: onAgent(
      (summary) => index.groupOf(summary) === 'active',
      (sessionId) => actions.stop(sessionId),
    ),
  };
}

function readSelection({ document, selection }: vscode.TextEditor) {
  const lines = `${selection.start.line + 1}-${selection.end.line + 1}`;
  const text = document.getText(selection);
  return toSelectionMaterial({ path: document.uri.fsPath, text, lines }, listWorkspaceFolders());
}
