// The session that is under way, in the status bar: hidden while there is none.

import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { narrowLimits } from '../core/sharedLimits';
import type { Summary } from '../core/summary';
import { toCountText, toDurationText } from '../export/wording';
import type { EngineHost } from './engineHost';
import { guardrailWord } from './sessions/names';
import { guardrailNames } from './sessions/sessionNode';
import { toPlainLine } from './plainText';
import { readShowsStatusBar } from './settings';
import { findLeading } from './sessions/leadingSession';
import { toGauge, toPercent } from './sessions/words';

/** Changes that come closer together are drawn as one. */
const drawMs = 100;

export class StatusBar implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #engine: Engine | undefined;
  #following: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: EngineHost) {
    this.#item = this.#store.add(
      vscode.window.createStatusBarItem('rlm.session', vscode.StatusBarAlignment.Left, 0),
    );
    this.#item.name = 'RLM';
    this.#store.add(host.onDidChange((engine) => this.#follow(engine)));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('rlm.statusBar')) {
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
    this.#following = engine?.sessions.onDidChange(() => {
      this.#timer ??= setTimeout(() => this.#draw(), drawMs);
    });
    this.#draw();
  }

  #draw(): void {
    this.#timer = undefined;
    const summaries = this.#engine?.sessions.live.map(({ summary }) => summary) ?? [];
    const leading = findLeading(summaries);
    if (!leading || !readShowsStatusBar()) {
      this.#item.hide();
      return;
    }
    const { summary, others } = leading;
    const { usage, running } = summary;
    const limits = narrowLimits(summary);
    const step = `${usage.steps + (running ? 1 : 0)}/${limits.maxSteps}`;
    const percent = Math.max(
      ...guardrailNames.map((name) => toPercent(toGauge(name, limits, usage))),
    );
    const more = others > 0 ? ` +${others}` : '';
    this.#item.text = `$(${running ? 'loading~spin' : 'pulse'}) RLM ${step} · ${percent}%${more}`;
    this.#item.tooltip = toTooltip(summary);
    this.#item.command = {
      command: 'rlm.openTrace',
      title: vscode.l10n.t('Open Trace'),
      arguments: [{ kind: 'session', sessionId: summary.sessionId }],
    };
    this.#item.accessibilityInformation = {
      label: vscode.l10n.t('RLM session, step {0}, {1}% of a guardrail used', step, percent),
    };
    this.#item.show();
  }
}

function toTooltip(summary: Summary): string {
  const { title, usage } = summary;
  const limits = narrowLimits(summary);
  const gauges = guardrailNames
    .map((name) => ({ name, gauge: toGauge(name, limits, usage) }))
    .filter(({ gauge }) => gauge.used > 0)
    .map(({ name, gauge }) => {
      const toText = name === 'runtime' ? toDurationText : toCountText;
      return `${guardrailWord(name)}: ${toText(gauge.used)} / ${toText(gauge.allowed)}`;
    });
  return [toPlainLine(title, 80), ...gauges].join('\n');
}
