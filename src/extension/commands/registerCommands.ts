// Every command of the extension, by the name package.json gives it. Errors become messages here.

import * as vscode from 'vscode';
import { type AgentCommandParts, listAgentCommands } from '../agents/agentCommands';
import { type AskParts, askOverFiles, askOverSelection } from '../ask/askOverFiles';
import { chooseBackend, pickBackend } from '../backends/chooseBackend';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { requireRepl } from '../../core/agent/replOnly';
import type { Summary } from '../../core/summary';
import type { ExportFormat } from '../../export/exportTrace';
import {
  connectCopilotCli,
  connectInTerminal,
  startListening,
  type ConnectParts,
} from '../connect/connectClients';
import type { ReadOnlyTexts } from '../documents/readOnlyTexts';
import { showFailure } from '../messages';
import { chooseModels } from '../models/chooseModels';
import { removeKey, setKeyOfPicked } from '../models/keyCommands';
import { listProfileCommands, type ProfileCommandParts } from '../profiles/profileCommands';
import { runCancellable } from '../progress';
import { type NewSessionParts, openFromFiles, openFromSelection } from '../newSession';
import type { ScratchEditors } from '../scratch';
import type { SessionActions } from '../sessionActions';
import type { SessionNode } from '../sessions/sessionNode';
import type { SessionsView } from '../sessions/sessionsView';
import { toChosenSessions, toNode } from './chosenNodes';
import { cleanUp } from './cleanUpDialog';
import { type FileCommandParts, listFileCommands, toChosenFile, toUris } from './fileCommands';
import { askAnswer } from './finalizeDialog';
import { toStatusText } from './statusText';
import { findTarget, showNoSession } from './targets';

export interface CommandParts
  extends
    ConnectParts,
    NewSessionParts,
    AskParts,
    FileCommandParts,
    AgentCommandParts,
    ProfileCommandParts {
  readonly view: SessionsView;
  readonly actions: SessionActions;
  readonly scratch: ScratchEditors;
  readonly texts: ReadOnlyTexts;
  readonly log: vscode.LogOutputChannel;
  readonly readActive: () => string | null;
}

type Run = (...args: unknown[]) => Promise<unknown> | void;

export function registerCommands(parts: CommandParts): Disposable {
  const store = new DisposableStore();
  const commands = {
    ...listSessionCommands(parts),
    ...listWindowCommands(parts),
    ...listModelCommands(parts),
    ...listFileCommands(parts),
    ...listAgentCommands(parts),
    ...listProfileCommands(parts),
  };
  for (const [name, run] of Object.entries(commands)) {
    store.add(
      vscode.commands.registerCommand(`rlm.${name}`, async (...args: unknown[]) => {
        try {
          await run(...args);
        } catch (thrown) {
          showFailure(thrown);
        }
      }),
    );
  }
  return store;
}

function listSessionCommands(parts: CommandParts): Record<string, Run> {
  const { actions, index, source, scratch, view } = parts;
  const onOne =
    (matches: (summary: Summary) => boolean, run: (sessionId: string) => Promise<unknown>): Run =>
    async (...args) => {
      const sessionId = await findTarget(args, matches, parts);
      return sessionId === undefined ? undefined : run(sessionId);
    };
  const inGroups =
    (...groups: readonly string[]) =>
    (summary: Summary): boolean =>
      groups.includes(index.groupOf(summary));
  const any = (): boolean => true;
  return {
    openTrace: (...args) =>
      onOne(any, (sessionId) => actions.openTrace(sessionId, stepOf(args)))(...args),
    stop: onOne(inGroups('active'), (sessionId) => actions.stop(sessionId)),
    finalize: onOne(inGroups('active', 'stopped', 'interrupted', 'closed'), async (sessionId) => {
      const answer = await askAnswer(sessionId, source);
      return answer && actions.finalize(sessionId, answer);
    }),
    resume: onOne(inGroups('interrupted', 'closed'), (sessionId) => actions.resume(sessionId)),
    fork: (...args) => onOne(any, (sessionId) => actions.fork(sessionId, stepOf(args)))(...args),
    export: onOne(any, async (sessionId) => {
      const picked = await vscode.window.showQuickPick(listFormats(), {
        placeHolder: vscode.l10n.t('Form of the document'),
      });
      return picked && actions.exportTrace(sessionId, picked.format);
    }),
    runCode: onOne(inGroups('active', 'interrupted', 'closed'), async (sessionId) =>
      scratch.open(requireRepl(await actions.readSummary(sessionId))),
    ),
    runScratch: () => scratch.run(vscode.window.activeTextEditor),
    copyId: onOne(any, (sessionId) => actions.copy(sessionId)),
    copyLink: onOne(any, (sessionId) => actions.copyLink(sessionId, null)),
    revealFiles: onOne(any, (sessionId) => actions.revealFiles(sessionId)),
    delete: async (...args) => {
      const chosen = toChosenSessions(args, view.selection);
      if (chosen === null) {
        return onOne(any, (sessionId) => actions.delete([sessionId]))();
      }
      return chosen.length > 0 ? actions.delete(chosen) : showNoSession();
    },
    openNode: (...args) => {
      const node = args.length > 0 ? toNode(args) : view.selection[0];
      return node && openNode(node, parts);
    },
  };
}

/** What a click on it in the tree does. */
async function openNode(
  node: SessionNode,
  { actions, tree, fileActions }: CommandParts,
): Promise<void> {
  switch (node.kind) {
    case 'session':
    case 'approval':
      return actions.openTrace(node.sessionId, null);
    case 'step':
      return actions.openTrace(node.sessionId, node.step);
    case 'variable':
      return actions.openVariable(node.sessionId, node.name);
    case 'more':
      return tree.showMore(node.group);
    case 'file':
      return fileActions.open(toChosenFile(node, tree));
    case 'group':
    case 'section':
    case 'guardrail':
    case 'agentLimit':
    case 'fileNote':
      return undefined;
  }
}

/** The step that a command was called on. */
function stepOf(args: readonly unknown[]): number | null {
  const node = toNode(args);
  return node?.kind === 'step' ? node.step : null;
}

function listWindowCommands(parts: CommandParts): Record<string, Run> {
  const { actions, view, tree, texts, log, host } = parts;
  return {
    newSession: (...args) => openFromFiles(toUris(args), parts),
    newSessionOnBackend: async (...args) => {
      const title = vscode.l10n.t('Where the code of the session runs');
      const backend = await pickBackend(parts, { title, offersUnset: false });
      return backend && openFromFiles(toUris(args), parts, backend);
    },
    newSessionFromSelection: async () => {
      const editor = vscode.window.activeTextEditor;
      return editor && actions.openTrace((await openFromSelection(editor, parts)).id, null);
    },
    filterSessions: async () => {
      const filter = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('Words of the title, the id, the language or a file of the context'),
        value: tree.filter,
      });
      if (filter !== undefined) {
        view.setFilter(filter);
      }
    },
    clearFilter: () => view.setFilter(''),
    cleanUp: () => cleanUp(parts),
    showStatus: async () => {
      const title = vscode.l10n.t('Reading the status');
      const status = await runCancellable(title, async () => (await host.start()).readStatus());
      await texts.open('RLM status.md', toStatusText(status, await host.readUrl()), 'markdown');
    },
    showLog: () => log.show(),
    copyEndpoint: async () => {
      const { url, token } = await startListening(host);
      await actions.copy(url);
      const text = vscode.l10n.t('Copied {0}. Clients also need the bearer token.', url);
      const copyToken = vscode.l10n.t('Copy Token');
      if ((await vscode.window.showInformationMessage(text, copyToken)) === copyToken) {
        await actions.copy(token);
      }
    },
    connectClaudeCode: () => connectInTerminal('claude', parts),
    connectCodex: () => connectInTerminal('codex', parts),
    connectCopilotCli: () => connectCopilotCli(parts),
  };
}

function listModelCommands(parts: CommandParts): Record<string, Run> {
  return {
    ask: (...args) => askOverFiles(toUris(args), parts),
    askSelection: async () => {
      const editor = vscode.window.activeTextEditor;
      return editor && askOverSelection(editor, parts);
    },
    chooseModels: () => chooseModels(parts),
    chooseBackend: () => chooseBackend(parts),
    setApiKey: () => setKeyOfPicked(parts),
    removeApiKey: () => removeKey(parts),
  };
}

function listFormats(): readonly (vscode.QuickPickItem & { readonly format: ExportFormat })[] {
  const { l10n } = vscode;
  return [
    { label: 'HTML', description: l10n.t('one page that needs nothing else'), format: 'html' },
    { label: 'Markdown', description: l10n.t('for people and models'), format: 'markdown' },
    { label: 'JSON', description: l10n.t('every event'), format: 'json' },
  ];
}
