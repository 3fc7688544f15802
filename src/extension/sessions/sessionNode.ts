// The nodes of the tree. One object for one place in it, so that the editor knows a node again.

import type { FileEntry } from '../../core/sandboxFiles';
import type { SessionGroup } from './sessionGroup';

export type SessionNode =
  | { readonly kind: 'group'; readonly group: SessionGroup }
  | { readonly kind: 'more'; readonly group: SessionGroup }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'section'; readonly sessionId: string; readonly section: Section }
  | { readonly kind: 'guardrail'; readonly sessionId: string; readonly name: GuardrailName }
  | { readonly kind: 'variable'; readonly sessionId: string; readonly name: string }
  | { readonly kind: 'step'; readonly sessionId: string; readonly step: number }
  | AgentLimitNode
  | ApprovalNode
  | FileNode
  | FileNoteNode;

/** One of the limits of an agent, by its place among them. */
export interface AgentLimitNode {
  readonly kind: 'agentLimit';
  readonly sessionId: string;
  readonly index: number;
}

/** What an agent waits for a person to answer. */
export interface ApprovalNode {
  readonly kind: 'approval';
  readonly sessionId: string;
  readonly approvalId: string;
}

/** A file or folder of the sandbox, or one that the trace knows of. */
export interface FileNode {
  readonly kind: 'file';
  readonly sessionId: string;
  readonly form: FileEntry['kind'] | 'recorded';
  readonly path: string;
  /** The folder it was listed in. */
  readonly folder: string;
  /** Of several whose names are shown alike, as they are not UTF-8. */
  readonly number: number;
}

/** What is to be said of the files in a folder, beside those that are listed. */
export interface FileNoteNode {
  readonly kind: 'fileNote';
  readonly sessionId: string;
  readonly folder: string;
  readonly note: FileNote;
}

export type FileNote = 'absent' | 'busy' | 'empty' | 'failed' | 'lost' | 'more' | 'old';

export type Section = 'guardrails' | 'variables' | 'steps' | 'files';

/** In the order people meet them. */
export const guardrailNames = ['steps', 'runtime', 'budget', 'llmCalls', 'llmTokens'] as const;
export type GuardrailName = (typeof guardrailNames)[number];

/** Also the identity of a tree item: it must differ between any two nodes. */
export function toNodeKey(node: SessionNode): string {
  switch (node.kind) {
    case 'group':
    case 'more':
      return `${node.kind}/${node.group}`;
    case 'session':
      return node.sessionId;
    case 'section':
      return `${node.sessionId}/${node.section}`;
    case 'guardrail':
    case 'variable':
      return `${node.sessionId}/${node.kind}/${node.name}`;
    case 'step':
      return `${node.sessionId}/step/${node.step}`;
    case 'agentLimit':
      return `${node.sessionId}/agentLimit/${node.index}`;
    case 'approval':
      return `${node.sessionId}/approval/${node.approvalId}`;
    case 'file':
      return `${node.sessionId}/file/${node.form}/${node.number}/${node.path}`;
    case 'fileNote':
      return `${node.sessionId}/fileNote/${node.note}/${node.folder}`;
  }
}

/** Gives the same object for the same place. */
export class NodePool {
  readonly #nodes = new Map<string, SessionNode>();

  get(node: SessionNode): SessionNode {
    const key = toNodeKey(node);
    const known = this.#nodes.get(key);
    if (known) {
      return known;
    }
    this.#nodes.set(key, node);
    return node;
  }

  /** Only what was shown before. */
  find(node: SessionNode): SessionNode | undefined {
    return this.#nodes.get(toNodeKey(node));
  }
}

/** The session that a node is or belongs to. */
export function toSessionId(node: SessionNode): string | null {
  return 'sessionId' in node ? node.sessionId : null;
}
