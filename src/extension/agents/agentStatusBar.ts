// The agents at work in this window's engine, in the status bar: how many, what they cost, and whether one waits for a
// person. Hidden while there is none.

import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../base/disposable';
import type { Engine } from '../../core/engine';
import type { EngineHost } from '../engineHost';
import { readShowsAgents } from '../settings';
import { toWaitingText } from './agentItems';
import { toAgentTotals, toCostText } from './agentTotals';

/** Changes that come closer together are drawn as one. */
const drawMs = 200;

export class AgentStatusBar implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #engine: Engine | undefined;
  #following: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: EngineHost) {
    this.#item = this.#store.add(
      vscode.window.createStatusBarItem('rlm.agents', vscode.StatusBarAlignment.Left, 0),
    );
    this.#item.name = vscode.l10n.t('RLM agents');
    this.#item.command = 'rlm.sessions.focus';
    this.#store.add(host.onDidChange((engine) => this.#follow(engine)));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('rlm.agents.statusBar')) {
          this.#draw();
        }
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#following?.dispose();
    this.#store.dispose();
  }

  #follow(engine: Engine | undefined): void {
    this.#following?.dispose();
    this.#engine = engine;
    this.#following = engine?.sessions.onDidChange(({ event }) => {
      if (event.kind.startsWith('agent.')) {
        this.#timer ??= setTimeout(() => this.#draw(), drawMs);
      }
    });
    this.#draw();
  }

  #draw(): void {
    this.#timer = undefined;
    const { l10n } = vscode;
    const totals = toAgentTotals(this.#engine?.agents?.live ?? []);
    if (totals.atWork === 0 || !readShowsAgents()) {
      this.#item.hide();
      return;
    }
    const { atWork, waiting } = totals;
    const cost = toCostText(totals);
    const isWaiting = waiting > 0;
    this.#item.text = isWaiting
      ? `$(bell-dot) ${toWaitingText(waiting)} · ${cost}`
      : `$(hubot) ${atWork} · ${cost}`;
    this.#item.tooltip = [
      l10n.t('Agents at work: {0}', atWork),
      l10n.t('Approvals that wait for you: {0}', waiting),
      l10n.t('Used by them: {0}', cost),
    ].join('\n');
    this.#item.accessibilityInformation = { label: this.#item.tooltip };
    this.#item.backgroundColor = isWaiting
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.show();
  }
}
