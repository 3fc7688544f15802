// The open trace viewers: one panel for a session, opened, found again, and restored after a reload.

import * as vscode from 'vscode';
import * as z from 'zod';
import { DisposableStore } from '../../base/disposable';
import { Channel } from '../../protocol/channel';
import type {
  Standing,
  ViewerHostMethods,
  ViewerMethods,
  ViewerState,
} from '../../protocol/viewer';
import type { Summary } from '../../core/summary';
import { toPlainLine } from '../plainText';
import type { AgentActions } from '../agents/agentActions';
import type { AgentReview } from '../agents/agentReview';
import type { SessionActions } from '../sessionActions';
import type { SessionSource } from '../sessionSource';
import type { SessionIndex } from '../sessions/sessionIndex';
import { toPanelHtml, toResourceRoots } from './panelHtml';
import { type StandingNote, toStanding } from './standing';
import { createViewerHost } from './viewerHost';
import { acceptViewers } from './viewerLink';

export const panelType = 'rlm.trace';

interface TracePanelsParts {
  readonly extensionUri: vscode.Uri;
  readonly source: SessionSource;
  readonly index: SessionIndex;
  readonly actions: SessionActions;
  readonly agents: AgentActions;
  readonly review: AgentReview;
}

const stateSchema = z.object({ sessionId: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/u) });

export class TracePanels implements vscode.Disposable {
  readonly #parts: TracePanelsParts;
  readonly #panels = new Map<string, TracePanel>();

  constructor(parts: TracePanelsParts) {
    this.#parts = parts;
  }

  /** The session of the panel that has the focus. */
  get activeSessionId(): string | null {
    const active = [...this.#panels.values()].find((panel) => panel.isActive);
    return active?.sessionId ?? null;
  }

  /** `isBeside`: next to the editor in front, which keeps the focus. */
  show(
    summary: Summary,
    { step, isBeside }: { readonly step: number | null; readonly isBeside: boolean },
  ): void {
    const known = this.#panels.get(summary.sessionId);
    if (known) {
      known.reveal(step, isBeside);
      return;
    }
    const { Active, Beside } = vscode.ViewColumn;
    const place = { viewColumn: isBeside ? Beside : Active, preserveFocus: isBeside };
    const panel = vscode.window.createWebviewPanel(panelType, '', place);
    this.#adopt(panel, summary.sessionId, { step, title: summary.title });
  }

  /** Takes up a panel that the editor kept over a reload. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    const kept = stateSchema.safeParse(state);
    if (!kept.success || this.#panels.has(kept.data.sessionId)) {
      panel.dispose();
      return;
    }
    const { sessionId }: ViewerState = kept.data;
    this.#adopt(panel, sessionId, { step: null, title: panel.title.replace(/^RLM: /u, '') });
  }

  dispose(): void {
    for (const panel of [...this.#panels.values()]) {
      panel.dispose();
    }
  }

  #adopt(
    panel: vscode.WebviewPanel,
    sessionId: string,
    start: { readonly step: number | null; readonly title: string },
  ): void {
    const adopted = new TracePanel(panel, { ...this.#parts, ...start, sessionId });
    this.#panels.set(sessionId, adopted);
    panel.onDidDispose(() => {
      this.#panels.delete(sessionId);
      adopted.dispose();
    });
  }
}

interface TracePanelParts extends TracePanelsParts {
  readonly sessionId: string;
  readonly title: string;
  readonly step: number | null;
}

class TracePanel implements vscode.Disposable {
  readonly sessionId: string;
  readonly #panel: vscode.WebviewPanel;
  readonly #parts: TracePanelParts;
  readonly #store = new DisposableStore();
  #channel: Channel<ViewerHostMethods, ViewerMethods> | undefined;
  #isReady = false;
  #step: number | null;
  #shownStanding = '';

  constructor(panel: vscode.WebviewPanel, parts: TracePanelParts) {
    this.#panel = panel;
    this.#parts = parts;
    this.#step = parts.step;
    this.sessionId = parts.sessionId;
    const { extensionUri, source, index } = parts;
    const media = vscode.Uri.joinPath(extensionUri, 'media');
    panel.title = `RLM: ${toPlainLine(parts.title, 40)}`;
    panel.iconPath = {
      light: vscode.Uri.joinPath(media, 'rlm-light.svg'),
      dark: vscode.Uri.joinPath(media, 'rlm-dark.svg'),
    };
    this.#store.add(panel);
    this.#store.add(acceptViewers(panel.webview, (link) => this.#connect(link)));
    this.#store.add(panel.onDidChangeViewState(() => void this.#tellStanding()));
    this.#store.add(source.onDidReplace(() => void this.#tellStanding()));
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#tellStanding()));
    this.#store.add(index.onDidChange(() => void this.#tellStanding()));
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [...toResourceRoots(extensionUri)],
    };
    panel.webview.html = toPanelHtml(panel.webview, extensionUri);
    void index.start().catch(() => undefined); // the viewer is told by its own reading
    void this.#tellStanding();
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  reveal(step: number | null, preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
    this.#step = step ?? this.#step;
    if (step !== null && this.#isReady) {
      void this.#showStep(step);
    }
  }

  dispose(): void {
    this.#channel?.dispose();
    this.#store.dispose();
  }

  /** A viewer that was hidden is loaded anew instead, and asks for the step when it is ready. */
  async #showStep(step: number): Promise<void> {
    try {
      await this.#channel?.request('showStep', { step });
      this.#step = null;
    } catch {
      // Its load has ended; the next one takes the step.
    }
  }

  #connect(link: ConstructorParameters<typeof Channel>[0]): void {
    this.#isReady = false;
    this.#channel?.dispose();
    const { sessionId, source, actions, agents, review } = this.#parts;
    this.#channel = new Channel<ViewerHostMethods, ViewerMethods>(
      link,
      createViewerHost({
        sessionId,
        source,
        actions,
        agents,
        review,
        readStanding: (summary) => this.#readStanding(summary),
        takeStep: () => {
          const step = this.#step;
          this.#step = null;
          return step;
        },
        onReady: () => {
          this.#isReady = true;
        },
      }),
    );
  }

  #readStanding(summary: Summary): Standing {
    const { source, index, sessionId } = this.#parts;
    return toStanding(
      summary,
      {
        isHere: source.isHere(summary),
        isLive: source.findLive(sessionId) !== undefined,
        mayRun: vscode.workspace.isTrusted,
        children: index.listChildren(sessionId),
      },
      toNoteText,
    );
  }

  async #tellStanding(): Promise<void> {
    const { source, sessionId } = this.#parts;
    const summary = await source.readSummary(sessionId).catch(() => undefined);
    if (!summary || this.#store.isDisposed) {
      return;
    }
    const standing = this.#readStanding(summary);
    if (this.#panel.active) {
      offerActions(standing);
    }
    const text = JSON.stringify(standing);
    if (this.#isReady && text !== this.#shownStanding) {
      this.#shownStanding = text;
      await this.#channel?.request('showStanding', standing).catch(() => undefined); // its load ended
    }
  }
}

/** What the editor's title bar offers for the panel in front. */
function offerActions({ actions }: Standing): void {
  const offered = {
    canStop: actions.includes('stop'),
    canResume: actions.includes('resume'),
    canFinalize: actions.includes('finalize'),
    canFork: actions.includes('fork'),
    canRun: actions.includes('stop') && actions.includes('finalize'), // an agent runs no code of ours
  };
  for (const [name, isOffered] of Object.entries(offered)) {
    void vscode.commands.executeCommand('setContext', `rlm.trace.${name}`, isOffered);
  }
}

function toNoteText(note: StandingNote): string {
  switch (note) {
    case 'untrusted':
      return vscode.l10n.t('This workspace is not trusted: its traces can be read, nothing runs.');
    case 'elsewhere':
      return vscode.l10n.t('Another engine runs this session; it is stopped and finalized there.');
  }
}
