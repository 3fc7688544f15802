// Composition root of the extension. Activation registers; the engine's bundle, the trace reader and
// the viewer's host are loaded when something needs them.

import * as vscode from 'vscode';
import { version } from '../../package.json';
import type * as RuntimeBundle from '../runtime';
import { DisposableStore } from '../base/disposable';
import { systemClock } from '../systemClock';
import { removeExpired } from './commands/cleanUpDialog';
import { AgentActions } from './agents/agentActions';
import { AgentReview } from './agents/agentReview';
import { AgentStatusBar } from './agents/agentStatusBar';
import { ApprovalNotices } from './agents/approvalNotices';
import { listTrustedFolders, readCodexPlaces } from './agents/codexPlaces';
import { createParticipant } from './chat/chatParticipant';
import { registerCommands } from './commands/registerCommands';
import { refreshLauncher } from './connect/connectClients';
import { ReadOnlyTexts } from './documents/readOnlyTexts';
import { EngineHost, type Runtime } from './engineHost';
import { McpProvider, providerId } from './mcpProvider';
import { FileActions } from './files/fileActions';
import { SandboxFileSystem } from './files/sandboxFileSystem';
import { SessionFileSource } from './files/sessionFileSource';
import { openLog, showFailure } from './messages';
import { ModelAccess } from './models/modelAccess';
import { listWorkspaceFolders, ReadableFolders, readBaseFolder } from './readableFolders';
import { ProfileEditing } from './profiles/profileEditing';
import { ScratchEditors } from './scratch';
import { SessionActions } from './sessionActions';
import { SessionSource } from './sessionSource';
import { SessionIndex } from './sessions/sessionIndex';
import type { SessionNode } from './sessions/sessionNode';
import { SessionTree } from './sessions/sessionTree';
import { SessionsView } from './sessions/sessionsView';
import {
  readBackendSettings,
  readDownloadFolder,
  readHome,
  readRetentionDays,
  readToolSetsOff,
} from './settings';
import { StatusBar } from './statusBar';
import { LazyPanels } from './trace/lazyPanels';
import { parseTraceLink } from './traceLink';

/** What other extensions may use. */
export interface RlmApi {
  /** The sessions as the tree shows them. */
  readonly sessions: vscode.TreeDataProvider<SessionNode>;
}

let closeWindow: (() => Promise<void>) | undefined;

export function activate(context: vscode.ExtensionContext): RlmApi {
  const store = new DisposableStore();
  const log = store.add(openLog());
  const folders = new ReadableFolders();
  const models = new ModelAccess(context);
  const host = new EngineHost({
    loadRuntime,
    mayRun: () => vscode.workspace.isTrusted,
    offersSet: (set) => !readToolSetsOff().includes(set),
    readOptions: () => ({
      home: readHome(),
      get roots() {
        return folders.list();
      },
      baseFolder: readBaseFolder(),
      readDownloadFolder,
      log: (line) => log.info(line),
      models: models.readSettings,
      backends: () => readBackendSettings(models.keys),
      agents: { places: readCodexPlaces, readWorkspaces: listTrustedFolders },
      extraProviders: [models.provider],
    }),
  });
  closeWindow = async () => {
    store.dispose();
    await host.close();
  };
  const source = store.add(
    new SessionSource(async () => (await import('./traces')).openTraces(readHome())),
  );
  const index = store.add(
    new SessionIndex({ source, clock: systemClock, log: (line) => log.warn(line) }),
  );
  const files = store.add(new SessionFileSource(source));
  const tree = store.add(new SessionTree(index, source, files));
  store.add(new SandboxFileSystem(files, index));
  const view = store.add(new SessionsView({ tree, index, source }));
  const texts = store.add(new ReadOnlyTexts());
  const showSession = (sessionId: string): Promise<void> => actions.openTrace(sessionId, null);
  const agents = new AgentActions({ host, source, showTrace: showSession });
  const { id: extensionId, extensionUri } = context.extension;
  const review = store.add(new AgentReview({ host, agents }));
  const panels = store.add(
    new LazyPanels({ extensionUri, source, index, agents, review, readActions: () => actions }),
  );
  const showTrace = panels.show;
  const actions: SessionActions = new SessionActions({
    source,
    host,
    texts,
    agents,
    extensionId,
    readRoots: folders.list,
    readBaseFolder,
    showTrace,
  });
  const memory = context.workspaceState;
  const fileActions = new FileActions({ source: files, log: (line) => log.warn(line) });
  const scratch = store.add(
    new ScratchEditors({ host, source, memory, showStep: panels.showBeside }),
  );
  store.add(new StatusBar(host));
  store.add(new AgentStatusBar(host));
  store.add(new ProfileEditing(loadBundle));
  const readActive = (): string | null => panels.activeSessionId;
  store.add(new ApprovalNotices({ host, agents, showTrace: showSession, readActive }));
  store.add(
    registerCommands({
      context,
      host,
      models,
      source,
      index,
      tree,
      view,
      actions,
      agents,
      review,
      scratch,
      files,
      fileActions,
      texts,
      log,
      allow: folders.allow,
      readRoots: listWorkspaceFolders,
      readActive,
      loadProfileRuntime: loadBundle,
    }),
  );
  const iconUri = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
  store.add(createParticipant({ host, models, iconUri, allow: folders.allow }));
  const provider = store.add(new McpProvider(host, version));
  store.add(vscode.lm.registerMcpServerDefinitionProvider(providerId, provider));
  store.add(vscode.window.registerUriHandler({ handleUri: (uri) => openLink(uri, actions) }));
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => tree.refresh()));
  store.add(vscode.workspace.onDidChangeConfiguration(suggestReload));
  host.onDidChange((engine) => {
    source.useEngine(engine);
    if (engine) {
      log.info(`Engine ${engine.engineId} started; home ${engine.traces.location}.`);
      void index.start().catch(() => undefined); // the tree says why when it is opened
      void applyRetention({ source, actions }, log);
    }
  });
  void refreshLauncher(context);
  return { sessions: view.provider };
}

/** Settles when the engine, its sandboxes and its listener have ended. */
export async function deactivate(): Promise<void> {
  await closeWindow?.();
}

function loadRuntime(): Promise<Runtime> {
  return loadBundle();
}

/** The bundle dist/engine.js. */
async function loadBundle(): Promise<typeof RuntimeBundle> {
  return import('../runtime');
}

function openLink(uri: vscode.Uri, actions: SessionActions): void {
  const target = parseTraceLink(uri);
  if (!target) {
    void vscode.window.showErrorMessage(vscode.l10n.t('This link opens no trace.'));
    return;
  }
  actions.openTrace(target.sessionId, target.step).catch(showFailure);
}

function suggestReload(change: vscode.ConfigurationChangeEvent): void {
  if (!change.affectsConfiguration('rlm.home')) {
    return;
  }
  const reload = vscode.l10n.t('Reload Window');
  void vscode.window
    .showInformationMessage(vscode.l10n.t('The new home folder holds after a reload.'), reload)
    .then((chosen) =>
      chosen === reload
        ? vscode.commands.executeCommand('workbench.action.reloadWindow')
        : undefined,
    );
}

async function applyRetention(
  parts: { readonly source: SessionSource; readonly actions: SessionActions },
  log: vscode.LogOutputChannel,
): Promise<void> {
  const days = readRetentionDays();
  if (days === null) {
    return;
  }
  try {
    const removed = await removeExpired(parts, days);
    log.info(`${removed} sessions were not changed for ${days} days and were deleted.`);
  } catch (thrown) {
    log.warn(`Expired sessions could not be deleted: ${String(thrown)}`);
  }
}
