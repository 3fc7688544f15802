// How nodes look in the tree: label, description, icon, tooltip, and which actions they offer.

import * as vscode from 'vscode';
import type { SessionStatus } from '../../core/event';
import { toFallbackWarnings } from '../../core/sandboxPlace';
import { narrowLimits } from '../../core/sharedLimits';
import { type AgentSummary, isUnderWay, type Summary } from '../../core/summary';
import { createApprovalItem, createLimitItem, toAgentDescription } from '../agents/agentItems';
import type { StepVerdict } from '../../export/exportedTrace';
import { statusWords, toCountText, toDurationText, toPlaceText } from '../../export/wording';
import { createFileItem, createNoteItem, toUploadWord } from '../files/fileItems';
import { toPlainLine } from '../plainText';
import type { ItemParts } from './itemParts';
import { groupWord, guardrailWord, sectionWord } from './names';
import { type SessionGroup, listActions, toOwnGroup } from './sessionGroup';
import { type GuardrailName, type Section, type SessionNode, toNodeKey } from './sessionNode';
import type { SessionTree } from './sessionTree';
import { toAge, toGauge, toPercent, toShortCount } from './words';

const { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } = vscode;

/** Near its limit a guardrail says so by its icon. In percent of the limit. */
const warnAt = 80;

export function toTreeItem(node: SessionNode, parts: ItemParts): vscode.TreeItem {
  const item = createItem(node, parts);
  // The editor remembers which nodes are open; those of a filtered tree are opened anew.
  item.id = node.kind === 'group' ? `${toNodeKey(node)}?${parts.tree.filter}` : toNodeKey(node);
  return item;
}

/** Asked for only when the pointer rests on an item. */
export function toTooltip(node: SessionNode, { tree }: ItemParts): string | undefined {
  const summary = node.kind === 'session' ? tree.summaryOf(node.sessionId) : undefined;
  if (!summary) {
    return undefined;
  }
  const context = summary.contexts.map(({ variable, totalChars, sourceCount }) => {
    const chars = toCountText(totalChars);
    return sourceCount === 1
      ? l10n.t('{0}: {1} characters', variable, chars)
      : l10n.t('{0}: {1} characters in {2} sources', variable, chars, sourceCount);
  });
  return [
    toPlainLine(summary.title, 200),
    '',
    [
      statusWord(summary),
      ...(summary.agent
        ? [summary.agent.profileTitle]
        : [summary.language, toPlaceText(summary.sandbox)]),
      new Date(summary.createdAt).toLocaleString(),
    ].join(' · '),
    ...(summary.sandbox && summary.sandbox.walls.length > 0
      ? [`${l10n.t('Walls')}: ${toPlainLine(summary.sandbox.walls.join(', '), 300)}`]
      : []),
    ...(summary.sandbox ? toFallbackWarnings(summary.sandbox) : []),
    ...context,
    ...(summary.finalAnswer === null ? [] : ['', toPlainLine(summary.finalAnswer, 300)]),
    '',
    summary.sessionId,
  ].join('\n');
}

function createItem(node: SessionNode, parts: ItemParts): vscode.TreeItem {
  switch (node.kind) {
    case 'group':
      return createGroupItem(node.group, parts.tree);
    case 'more':
      return createMoreItem(node, parts.tree);
    case 'session':
      return createSessionItem(node, parts);
    case 'section':
      return createSectionItem(node, parts);
    case 'guardrail':
      return createGuardrailItem(node.name, parts.tree.summaryOf(node.sessionId));
    case 'agentLimit':
      return createLimitItem(node, parts);
    case 'approval':
      return createApprovalItem(node, parts);
    case 'variable':
      return createVariableItem(node, parts);
    case 'step':
      return createStepItem(node, parts.tree);
    case 'file':
      return createFileItem(node, parts);
    case 'fileNote':
      return createNoteItem(node, parts);
  }
}

function createGroupItem(group: SessionGroup, tree: SessionTree): vscode.TreeItem {
  const isOpen = group === 'active' || group === 'elsewhere' || tree.filter !== '';
  const item = new TreeItem(groupWord(group), isOpen ? expanded : collapsed);
  item.description = toCountText(tree.countOf(group));
  item.contextValue = 'group';
  return item;
}

function createMoreItem(
  node: SessionNode & { readonly kind: 'more' },
  tree: SessionTree,
): vscode.TreeItem {
  const item = new TreeItem(l10n.t('Show more'), none);
  item.description = l10n.t('{0} left', toCountText(tree.hiddenIn(node.group)));
  item.command = openNode;
  item.iconPath = new ThemeIcon('ellipsis');
  return item;
}

function createSessionItem(
  node: SessionNode & { readonly kind: 'session' },
  parts: ItemParts,
): vscode.TreeItem {
  const summary = parts.tree.summaryOf(node.sessionId);
  if (!summary) {
    return new TreeItem(node.sessionId, none); // removed while the editor was asking
  }
  const item = new TreeItem(toPlainLine(summary.title, 80) || l10n.t('Untitled'), collapsed);
  if (summary.agent) {
    return fillAgentItem(item, summary, parts);
  }
  const chars = summary.contexts.reduce((sum, { totalChars }) => sum + totalChars, 0);
  const age = toAge(Date.now() - summary.updatedAt) || l10n.t('now');
  const { steps } = summary.usage;
  const stepText = steps === 1 ? l10n.t('1 step') : l10n.t('{0} steps', toCountText(steps));
  item.description = [stepText, ...(chars > 0 ? [toShortCount(chars)] : []), age].join(' · ');
  item.iconPath = toStatusIcon(summary);
  item.contextValue = toContextValue(summary, parts);
  item.command = openNode;
  item.accessibilityInformation = {
    label: `${summary.title}, ${statusWord(summary)}, ${item.description}`,
  };
  return item;
}

function fillAgentItem(
  item: vscode.TreeItem,
  summary: AgentSummary,
  parts: ItemParts,
): vscode.TreeItem {
  item.description = toAgentDescription(summary, Date.now());
  item.iconPath = toStatusIcon(summary);
  item.contextValue = toContextValue(summary, parts);
  item.command = openNode;
  item.accessibilityInformation = {
    label: `${summary.title}, ${statusWord(summary)}, ${item.description}`,
  };
  return item;
}

function createSectionItem(
  { sessionId, section }: SessionNode & { readonly kind: 'section' },
  parts: ItemParts,
): vscode.TreeItem {
  const item = new TreeItem(sectionWord(section), collapsed);
  item.iconPath = new ThemeIcon(sectionIcons[section]);
  if (section === 'files') {
    item.contextValue = `files${toUploadWord(sessionId, parts)}`;
  }
  return item;
}

function createGuardrailItem(name: GuardrailName, summary: Summary | undefined): vscode.TreeItem {
  const item = new TreeItem(guardrailWord(name), none);
  if (summary) {
    const gauge = toGauge(name, narrowLimits(summary), summary.usage);
    const percent = toPercent(gauge);
    const toText = name === 'runtime' ? toDurationText : toCountText;
    const share = l10n.t('{0} of {1}', toText(gauge.used), toText(gauge.allowed));
    item.description = `${share} · ${percent}%`;
    item.iconPath =
      percent >= warnAt
        ? new ThemeIcon('warning', new ThemeColor('list.warningForeground'))
        : new ThemeIcon('dashboard');
  }
  return item;
}

function createVariableItem(
  node: SessionNode & { readonly kind: 'variable' },
  { tree, source }: ItemParts,
): vscode.TreeItem {
  const variables = tree.detailsOf(node.sessionId)?.variables ?? [];
  const variable = variables.find(({ name }) => name === node.name);
  const item = new TreeItem(toPlainLine(node.name, 80), none);
  item.iconPath = new ThemeIcon('symbol-variable');
  if (variable) {
    const { type, size, preview } = variable;
    const head = size === null ? type : `${type} (${toShortCount(size)})`;
    item.description = `${head}  ${toPlainLine(preview, 80)}`;
    item.tooltip = toPlainLine(preview, 1_000);
  }
  if (source.findLive(node.sessionId)) {
    item.command = openNode;
  }
  return item;
}

function createStepItem(
  node: SessionNode & { readonly kind: 'step' },
  tree: SessionTree,
): vscode.TreeItem {
  const steps = tree.detailsOf(node.sessionId)?.latestSteps ?? [];
  const line = steps.find(({ step }) => step === node.step);
  const item = new TreeItem(l10n.t('Step {0}', node.step), none);
  item.command = openNode;
  if (line) {
    const { code, durationMs, error, verdict } = line;
    const time = durationMs === null ? l10n.t('running') : toDurationText(durationMs);
    item.description = `${time}  ${toPlainLine(error ? `${error.type}: ${error.message}` : code, 80)}`;
    item.tooltip = toPlainLine(code, 1_000);
    item.contextValue =
      durationMs !== null && vscode.workspace.isTrusted ? 'step can-fork' : 'step';
    item.iconPath = toStepIcon(verdict);
  }
  return item;
}

/** Null: it is running. */
function toStepIcon(verdict: StepVerdict | null): vscode.ThemeIcon {
  switch (verdict) {
    case null:
      return new ThemeIcon('loading~spin');
    case 'error':
      return new ThemeIcon('error', new ThemeColor('list.errorForeground'));
    case 'stopped':
      return new ThemeIcon('circle-slash', new ThemeColor('charts.yellow'));
    case 'ok':
    case 'unfinished':
      return new ThemeIcon('pass');
  }
}

/**
 * Without arguments: it opens what is selected. The editor drops a command's arguments with every new
 * drawing of its item, and a click on a session that is running would be lost between two of them.
 */
const openNode: vscode.Command = { command: 'rlm.openNode', title: '' };

const { None: none, Collapsed: collapsed, Expanded: expanded } = TreeItemCollapsibleState;

const sectionIcons: Readonly<Record<Section, string>> = {
  guardrails: 'shield',
  variables: 'symbol-variable',
  steps: 'list-ordered',
  files: 'files',
};

function toStatusIcon(summary: Summary): vscode.ThemeIcon {
  if (summary.running && summary.status !== 'awaiting_approval') {
    return new ThemeIcon('loading~spin');
  }
  const [icon, color] = statusIcons[summary.status];
  return new ThemeIcon(icon, new ThemeColor(color));
}

/** The colours of the viewer. */
const statusIcons: Readonly<Record<SessionStatus, readonly [icon: string, color: string]>> = {
  active: ['circle-filled', 'charts.blue'],
  stopped: ['circle-slash', 'charts.yellow'],
  finalized: ['pass-filled', 'charts.green'],
  closed: ['circle-large-outline', 'descriptionForeground'],
  interrupted: ['debug-disconnect', 'charts.yellow'],
  queued: ['clock', 'descriptionForeground'],
  preparing: ['loading~spin', 'charts.blue'],
  running: ['loading~spin', 'charts.blue'],
  awaiting_approval: ['bell-dot', 'charts.orange'],
  completed: ['pass-filled', 'charts.green'],
  failed: ['error', 'charts.red'],
  terminated: ['circle-slash', 'charts.yellow'],
};

/** Words that the `when` clauses of package.json look for. */
function toContextValue(summary: Summary, { tree, source }: ItemParts): string {
  const isLive = source.findLive(summary.sessionId) !== undefined;
  const isHere = source.isHere(summary);
  const actions = listActions(summary, { isHere, isLive, mayRun: vscode.workspace.isTrusted });
  const isElsewhere = isUnderWay(summary.status) && !isHere;
  return (
    [
      'session',
      ...(summary.agent ? ['agent', `on-${summary.agent.isolation}`] : []),
      'can-open',
      ...actions.map((action) => `can-${action}`),
      ...(actions.includes('stop') && !summary.agent ? ['can-run'] : []),
      ...(isElsewhere ? [] : ['can-delete']),
    ].join(' ') + toUploadWord(summary.sessionId, { tree, source })
  );
}

function statusWord({ status, running, agent }: Summary): string {
  if (agent) {
    return l10n.t(statusWords[status]);
  }
  return status === 'active' && running ? l10n.t('Running') : groupWord(toOwnGroup(status));
}
