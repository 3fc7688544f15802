// How agents, their limits and what they wait for look in the tree.

import * as vscode from 'vscode';
import { toInnerCommand } from '../../core/agent/innerCommand';
import type { AgentSummary } from '../../core/summary';
import { toAgentGauges, toPercent } from '../../export/wording';
import { toPlainLine, toPlainText } from '../plainText';
import type { ItemParts } from '../sessions/itemParts';
import type { AgentLimitNode, ApprovalNode } from '../sessions/sessionNode';
import { toAge } from '../sessions/words';
import { toCostText } from './agentTotals';

const { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } = vscode;

/** In percent of a limit. */
const warnAt = 80;
const tooltipChars = 4_000;

/** `code_reviewer · 12.4k tok · 3 min`, with what it waits for before all. */
export function toAgentDescription({ agent, updatedAt }: AgentSummary, now: number): string {
  const { waitingFor, queuePlace, profileId, usage } = agent;
  return [
    ...(waitingFor > 0 ? [toWaitingText(waitingFor)] : []),
    ...(queuePlace === null ? [] : [l10n.t('place {0} in line', queuePlace)]),
    toPlainLine(profileId, 40),
    toCostText(usage),
    toAge(now - updatedAt) || l10n.t('now'),
  ].join(' · ');
}

export function toWaitingText(count: number): string {
  return count === 1 ? l10n.t('1 waits for you') : l10n.t('{0} wait for you', count);
}

export function createLimitItem(node: AgentLimitNode, { tree }: ItemParts): vscode.TreeItem {
  const agent = tree.summaryOf(node.sessionId)?.agent;
  const gauge = agent && toAgentGauges(agent.limits, agent.usage, l10n.t)[node.index];
  const item = new TreeItem(gauge?.name ?? '', TreeItemCollapsibleState.None);
  if (gauge) {
    const percent = Math.round(toPercent(gauge.used, gauge.allowed));
    item.description = `${gauge.text} · ${percent}%`;
    item.iconPath =
      percent >= warnAt
        ? new ThemeIcon('warning', new ThemeColor('list.warningForeground'))
        : new ThemeIcon('dashboard');
  }
  return item;
}

/** A click shows the trace, which has all of it; what answers it from here shows it first. */
export function createApprovalItem(node: ApprovalNode, { source }: ItemParts): vscode.TreeItem {
  const run = source.engine?.agents?.find(node.sessionId);
  const asked = run?.approvals.find(({ approvalId }) => approvalId === node.approvalId);
  const item = new TreeItem(l10n.t('Waits for you'), TreeItemCollapsibleState.None);
  item.command = { command: 'rlm.openNode', title: '' };
  item.iconPath = new ThemeIcon('bell-dot', new ThemeColor('charts.orange'));
  if (asked) {
    const text =
      asked.command === null ? (asked.reason ?? asked.subject) : toInnerCommand(asked.command);
    item.description = toPlainLine(text, 120);
    item.tooltip = toPlainText([asked.command, asked.reason].join('\n').slice(0, tooltipChars));
    item.contextValue = vscode.workspace.isTrusted ? 'approval can-answer' : 'approval';
  }
  return item;
}
