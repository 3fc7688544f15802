// The tree's structure: groups, sessions, their children and details. Tells the editor of exactly what
// changed, so that nothing else is drawn again.

import { type Disposable, DisposableStore } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { hasFiles } from '../../core/sandboxPlace';
import type { Summary } from '../../core/summary';
import { toAgentGauges } from '../../export/wording';
import { FileTree } from '../files/fileTree';
import { type SessionFileSource, workFolder } from '../files/sessionFileSource';
import type { SessionSource } from '../sessionSource';
import { SessionDetails } from './sessionDetails';
import type { IndexChange, SessionIndex } from './sessionIndex';
import { type SessionGroup, sessionGroups } from './sessionGroup';
import { NodePool, type Section, type SessionNode, guardrailNames } from './sessionNode';

/** Sessions of one group shown at first, and added by each "Show more". */
export const groupPage = 100;

export class SessionTree implements Disposable {
  readonly #index: SessionIndex;
  readonly #source: SessionSource;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<readonly SessionNode[] | undefined>());
  /** Fires with the nodes to draw again; undefined: all. */
  readonly onDidChange = this.#changed.event;
  readonly #pool = new NodePool();
  readonly #details = new Map<string, SessionDetails>();
  readonly #files: FileTree;
  readonly #shown = new Map<SessionGroup, number>();
  #groups: readonly SessionGroup[] = [];
  #filter = '';

  constructor(index: SessionIndex, source: SessionSource, files: SessionFileSource) {
    this.#files = new FileTree(files);
    this.#index = index;
    this.#source = source;
    this.#store.add(index.onDidChange((change) => this.#apply(change)));
  }

  get filter(): string {
    return this.#filter;
  }

  /** Shows only sessions whose title, id, language or context names hold every word. */
  setFilter(filter: string): void {
    this.#filter = filter.trim();
    this.refresh();
  }

  showMore(group: SessionGroup): void {
    this.#shown.set(group, this.#shownOf(group) + groupPage);
    this.#fire([{ kind: 'group', group }]);
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  summaryOf(sessionId: string): Summary | undefined {
    return this.#index.get(sessionId);
  }

  /** Of a session whose section was opened. */
  detailsOf(sessionId: string): SessionDetails | undefined {
    return this.#details.get(sessionId);
  }

  /** Null: there is no such session. */
  statusOf(sessionId: string): SessionGroup | null {
    const summary = this.#index.get(sessionId);
    return summary ? this.#index.groupOf(summary) : null;
  }

  /** Of what was listed last. */
  get files(): Pick<FileTree, 'entryOf' | 'listingOf'> {
    return this.#files;
  }

  /** Looks at the session's files anew. */
  refreshFiles(sessionId: string): void {
    this.#files.forget(sessionId);
    this.#fire([{ kind: 'section', sessionId, section: 'files' }]);
  }

  countOf(group: SessionGroup): number {
    return this.#index.listRoots(group, this.#matches).length;
  }

  hiddenIn(group: SessionGroup): number {
    return Math.max(0, this.countOf(group) - this.#shownOf(group));
  }

  /** @throws RlmError when the home cannot be read. */
  async listChildren(node: SessionNode | undefined): Promise<readonly SessionNode[]> {
    const children = await this.#listChildren(node);
    return children.map((child) => this.#pool.get(child));
  }

  parentOf(node: SessionNode): SessionNode | undefined {
    switch (node.kind) {
      case 'group':
        return undefined;
      case 'more':
        return this.#pool.get({ kind: 'group', group: node.group });
      case 'session':
        return this.#parentOfSession(node.sessionId);
      case 'section':
        return this.#pool.get({ kind: 'session', sessionId: node.sessionId });
      case 'guardrail':
      case 'agentLimit':
        return this.#section(node.sessionId, 'guardrails');
      case 'approval':
        return this.#pool.get({ kind: 'session', sessionId: node.sessionId });
      case 'variable':
        return this.#section(node.sessionId, 'variables');
      case 'step':
        return this.#section(node.sessionId, 'steps');
      case 'file':
      case 'fileNote':
        return this.#pool.get(this.#files.parentOf(node));
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #listChildren(node: SessionNode | undefined): Promise<readonly SessionNode[]> {
    if (!node) {
      await this.#index.start();
      this.#groups = this.#listGroups();
      return this.#groups.map((group) => ({ kind: 'group', group }));
    }
    switch (node.kind) {
      case 'group':
        return this.#listGroup(node.group);
      case 'session':
        return this.#listSession(node.sessionId);
      case 'section':
        return this.#listSection(node.sessionId, node.section);
      case 'file':
        return node.form === 'folder' ? this.#files.list(node.sessionId, node.path) : [];
      case 'more':
      case 'guardrail':
      case 'agentLimit':
      case 'approval':
      case 'variable':
      case 'step':
      case 'fileNote':
        return [];
    }
  }

  #listGroup(group: SessionGroup): readonly SessionNode[] {
    const all = this.#index.listRoots(group, this.#matches);
    const shown = all.slice(0, this.#shownOf(group)).map(toSessionNode);
    return all.length > shown.length ? [...shown, { kind: 'more', group }] : shown;
  }

  #listSession(sessionId: string): readonly SessionNode[] {
    const summary = this.#index.get(sessionId);
    if (summary?.agent) {
      return this.#listAgent(sessionId);
    }
    const withFiles: readonly Section[] = summary && hasFiles(summary) ? ['files'] : [];
    const sections: readonly Section[] = ['guardrails', 'variables', 'steps', ...withFiles];
    return [
      ...sections.map((section) => ({ kind: 'section', sessionId, section }) as const),
      ...this.#index.listChildren(sessionId).map(toSessionNode),
    ];
  }

  /** What it waits for comes first, and is known of agents of this window alone. */
  #listAgent(sessionId: string): readonly SessionNode[] {
    const asked = this.#source.engine?.agents?.find(sessionId)?.approvals ?? [];
    return [
      ...asked.map(({ approvalId }) => ({ kind: 'approval', sessionId, approvalId }) as const),
      { kind: 'section', sessionId, section: 'guardrails' },
      ...this.#index.listChildren(sessionId).map(toSessionNode),
    ];
  }

  async #listSection(sessionId: string, section: Section): Promise<readonly SessionNode[]> {
    const agent = this.#index.get(sessionId)?.agent;
    if (section === 'guardrails' && agent) {
      return toAgentGauges(agent.limits, agent.usage).map(
        (_, index) => ({ kind: 'agentLimit', sessionId, index }) as const,
      );
    }
    if (section === 'guardrails') {
      return guardrailNames.map((name) => ({ kind: 'guardrail', sessionId, name }));
    }
    if (section === 'files') {
      return this.#files.list(sessionId, workFolder);
    }
    const details = this.#details.get(sessionId) ?? new SessionDetails(sessionId);
    this.#details.set(sessionId, details);
    await details.update(await this.#source.store());
    return section === 'variables'
      ? details.variables.map(({ name }) => ({ kind: 'variable', sessionId, name }))
      : details.latestSteps.map(({ step }) => ({ kind: 'step', sessionId, step }));
  }

  #apply({ sessionIds, moved }: IndexChange): void {
    for (const sessionId of sessionIds) {
      if (!this.#index.get(sessionId)) {
        this.#details.delete(sessionId);
        this.#files.drop(sessionId);
      }
    }
    if (moved === 'all' || this.#listGroups().join() !== this.#groups.join()) {
      this.refresh();
      return;
    }
    const parents = moved.map<SessionNode>((place) =>
      typeof place === 'string'
        ? { kind: 'group', group: place }
        : { kind: 'session', sessionId: place.parentId },
    );
    this.#fire([...parents, ...sessionIds.map((sessionId) => toSessionNode({ sessionId }))]);
  }

  #fire(nodes: readonly SessionNode[]): void {
    const known = nodes.map((node) => this.#pool.find(node)).filter((node) => node !== undefined);
    if (known.length > 0) {
      this.#changed.fire(known);
    }
  }

  #listGroups(): readonly SessionGroup[] {
    return sessionGroups.filter((group) => this.countOf(group) > 0);
  }

  #parentOfSession(sessionId: string): SessionNode | undefined {
    const summary = this.#index.get(sessionId);
    if (!summary) {
      return undefined;
    }
    const parent = this.#index.parentOf(summary);
    return parent !== null
      ? this.#pool.get({ kind: 'session', sessionId: parent })
      : this.#pool.get({ kind: 'group', group: this.#index.groupOf(summary) });
  }

  #section(sessionId: string, section: Section): SessionNode {
    return this.#pool.get({ kind: 'section', sessionId, section });
  }

  #shownOf(group: SessionGroup): number {
    return this.#shown.get(group) ?? groupPage;
  }

  readonly #matches = (summary: Summary): boolean => {
    if (this.#filter === '') {
      return true;
    }
    const words = this.#filter.toLowerCase().split(/\s+/u);
    const text = toSearchText(summary);
    return words.every((word) => text.includes(word));
  };
}

function toSessionNode({ sessionId }: { readonly sessionId: string }): SessionNode {
  return { kind: 'session', sessionId };
}

function toSearchText({ title, sessionId, language, contexts, agent }: Summary): string {
  const paths = contexts.flatMap(({ sources }) => sources.map(({ path }) => path));
  const of = agent ? ['agent', agent.profileId, agent.profileTitle] : [language];
  return [title, sessionId, ...of, ...paths].join('\n').toLowerCase();
}
