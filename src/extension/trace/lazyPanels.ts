// Loads the viewer's side of the extension with the first trace that is opened or restored.

import * as vscode from 'vscode';
import type { Summary } from '../../core/summary';
import { DisposableStore } from '../../base/disposable';
import type { AgentActions } from '../agents/agentActions';
import type { AgentReview } from '../agents/agentReview';
import type { SessionActions } from '../sessionActions';
import type { SessionSource } from '../sessionSource';
import type { SessionIndex } from '../sessions/sessionIndex';
import type { TracePanels } from './tracePanels';

interface LazyPanelsParts {
  readonly extensionUri: vscode.Uri;
  readonly source: SessionSource;
  readonly index: SessionIndex;
  /** The panels and the actions need each other; asked once both are there. */
  readonly readActions: () => SessionActions;
  readonly agents: AgentActions;
  readonly review: AgentReview;
}

export class LazyPanels implements vscode.Disposable {
  readonly #parts: LazyPanelsParts;
  readonly #store = new DisposableStore();
  #loading: Promise<TracePanels> | undefined;
  #panels: TracePanels | undefined;

  constructor(parts: LazyPanelsParts) {
    this.#parts = parts;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer('rlm.trace', {
        deserializeWebviewPanel: async (panel, state) => {
          (await this.#load()).restore(panel, state);
        },
      }),
    );
  }

  get activeSessionId(): string | null {
    return this.#panels?.activeSessionId ?? null;
  }

  readonly show = async (summary: Summary, step: number | null): Promise<void> => {
    (await this.#load()).show(summary, { step, isBeside: false });
  };

  /** Leaves the focus where it is. */
  readonly showBeside = async (summary: Summary, step: number): Promise<void> => {
    (await this.#load()).show(summary, { step, isBeside: true });
  };

  dispose(): void {
    this.#store.dispose();
  }

  #load(): Promise<TracePanels> {
    this.#loading ??= this.#create();
    return this.#loading;
  }

  async #create(): Promise<TracePanels> {
    const { TracePanels: Panels } = await import('./tracePanels');
    const { readActions, ...parts } = this.#parts;
    this.#panels = this.#store.add(new Panels({ ...parts, actions: readActions() }));
    return this.#panels;
  }
}
