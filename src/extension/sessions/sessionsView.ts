// The tree view in the editor: items, badge, filter, and what it says while it is empty.

import * as vscode from 'vscode';
import { DisposableStore } from '../../base/disposable';
import { isUnderWay } from '../../core/summary';
import { toWaitingText } from '../agents/agentItems';
import { toPlainText } from '../plainText';
import type { SessionSource } from '../sessionSource';
import { RootListing } from './rootListing';
import type { SessionIndex } from './sessionIndex';
import { toTooltip, toTreeItem } from './sessionItems';
import type { SessionNode } from './sessionNode';
import type { SessionTree } from './sessionTree';

/** Ages are written anew this often while the view is shown. */
const agingMs = 60_000;

export class SessionsView implements vscode.Disposable {
  readonly provider: vscode.TreeDataProvider<SessionNode>;
  readonly #tree: SessionTree;
  readonly #index: SessionIndex;
  readonly #store = new DisposableStore();
  readonly #view: vscode.TreeView<SessionNode>;

  constructor(parts: {
    readonly tree: SessionTree;
    readonly index: SessionIndex;
    readonly source: SessionSource;
  }) {
    const { tree, index } = parts;
    this.#tree = tree;
    this.#index = index;
    const changed = this.#store.add(new vscode.EventEmitter<SessionNode[] | undefined>());
    const listing = new RootListing(
      () => tree.listChildren(undefined),
      (message) => this.#say(message),
    );
    this.provider = {
      onDidChangeTreeData: changed.event,
      getChildren: async (node) => {
        if (node) {
          return [...(await tree.listChildren(node))];
        }
        const roots = await listing.read();
        if (listing.isListed) {
          // Only now is an empty tree known to be empty.
          void vscode.commands.executeCommand('setContext', 'rlm.listed', true);
        }
        return roots;
      },
      getTreeItem: (node) => toTreeItem(node, parts),
      getParent: (node) => tree.parentOf(node),
      resolveTreeItem: (item, node) => {
        const tooltip = toTooltip(node, parts);
        if (tooltip !== undefined) {
          item.tooltip = tooltip;
        }
        return item;
      },
    };
    this.#store.add(tree.onDidChange((nodes) => changed.fire(nodes && [...nodes])));
    this.#view = this.#store.add(
      vscode.window.createTreeView('rlm.sessions', {
        treeDataProvider: this.provider,
        canSelectMany: true,
        showCollapseAll: true,
      }),
    );
    this.#store.add(index.onDidChange(() => this.#showBadge()));
    this.#store.add(
      this.#view.onDidChangeVisibility(
        ({ visible }) => visible && listing.hasFailed && tree.refresh(),
      ),
    );
    const aging = setInterval(
      () => this.#view.visible && listing.isListed && tree.refresh(),
      agingMs,
    );
    this.#store.add({ dispose: () => clearInterval(aging) });
  }

  get selection(): readonly SessionNode[] {
    return this.#view.selection;
  }

  setFilter(filter: string): void {
    this.#tree.setFilter(filter);
    const isSet = this.#tree.filter !== '';
    this.#view.description = isSet ? `“${this.#tree.filter}”` : '';
    void vscode.commands.executeCommand('setContext', 'rlm.filtered', isSet);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #say(message: string): void {
    this.#view.message = toPlainText(message);
  }

  #showBadge(): void {
    const under = this.#index.listAll(({ status }) => isUnderWay(status));
    const waiting = under.reduce((sum, { agent }) => sum + (agent?.waitingFor ?? 0), 0);
    if (waiting > 0) {
      this.#view.badge = { value: waiting, tooltip: toWaitingText(waiting) };
      return;
    }
    const active = under.length;
    this.#view.badge =
      active === 0
        ? undefined
        : {
            value: active,
            tooltip:
              active === 1
                ? vscode.l10n.t('1 active session')
                : vscode.l10n.t('{0} active sessions', active),
          };
  }
}
