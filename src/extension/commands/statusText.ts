// The engine's status as a page of Markdown. Tokens are no part of it.

import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import type { EngineStatus } from '../../core/engine';
import { toDurationText } from '../../export/wording';

/** `url`: where clients reach it; null while nothing listens. */
export function toStatusText(status: EngineStatus, url: string | null): string {
  const { l10n } = vscode;
  const { sandbox, storage, allowedRoots } = status;
  const endpoint = url ?? l10n.t('none: it starts with the MCP server “RLM”');
  const none = l10n.t('none');
  return [
    `# RLM Companion ${status.version}`,
    '',
    `- ${l10n.t('Endpoint')}: ${endpoint}`,
    `- ${l10n.t('Engine')}: ${status.engineId} (${status.pid}), ${toDurationText(status.uptimeMs)}`,
    `- ${l10n.t('Models')}:`,
    ...status.models.map(
      ({ provider, state, detail, models }) =>
        `  - ${provider}: ${state}, ${detail}${models.length > 0 ? ` (${models.join(', ')})` : ''}`,
    ),
    `- ${l10n.t('Sandbox')}: ${[toPlaceText(sandbox.placement), ...sandbox.walls].join(', ')}`,
    ...sandbox.backends.map(
      ({ backend, language, works, detail, nextStep, walls }) =>
        `  - ${backend}, ${language}: ${[works ? l10n.t('works') : l10n.t('does not work'), detail, ...(nextStep === null ? walls : [nextStep])].join(', ')}`,
    ),
    `- ${l10n.t('Live sandboxes')}: ${sandbox.liveSandboxes}`,
    `- ${l10n.t('Warm workers')}: ${sandbox.warmWorkers}`,
    `- ${l10n.t('Sessions')}: ${toCountsText(status)}`,
    `- ${l10n.t('Storage')}: ${storage.path}, ${toByteText(storage.bytes)}`,
    `- ${l10n.t('Folders that may be read')}: ${allowedRoots.length > 0 ? '' : none}`,
    ...allowedRoots.map((root) => `  - ${root}`),
    '',
  ].join('\n');
}

function toCountsText({ sessionsByStatus, liveSessions }: EngineStatus): string {
  const counts = Object.entries(sessionsByStatus)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return [...counts, vscode.l10n.t('{0} in memory', liveSessions)].join(', ');
}

function toPlaceText(placement: EngineStatus['sandbox']['placement']): string {
  switch (placement) {
    case 'not-started':
      return vscode.l10n.t('not started');
    case 'process':
      return vscode.l10n.t('a process of its own');
    case 'engine':
      return vscode.l10n.t('inside the extension host, as no process could be started');
  }
}
