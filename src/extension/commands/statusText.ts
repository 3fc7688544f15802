// The engine's status as a page of Markdown. Tokens are no part of it.

import { toByteText } from '../../base/text';
import type { EngineStatus } from '../../core/engine';
import { toSeconds } from '../sessions/words';

/** `url`: where clients reach it; null while nothing listens. */
export function toStatusText(status: EngineStatus, url: string | null): string {
  const { sandbox, storage, sessionsByStatus } = status;
  return [
    `# RLM Companion ${status.version}`,
    '',
    `- Endpoint: ${url ?? 'none: it starts with the MCP server “RLM”'}`,
    `- Engine: ${status.engineId}, process ${status.pid}, up ${toSeconds(status.uptimeMs)}`,
    `- Sandbox: ${toPlaceText(sandbox.placement)}${sandbox.walls.length > 0 ? `, walls ${sandbox.walls.join(' ')}` : ''}`,
    ...sandbox.backends.map(
      ({ language, works, detail }) =>
        `  - ${language}: ${works ? 'works' : 'does not work'}, ${detail}`,
    ),
    `- Live sandboxes: ${sandbox.liveSandboxes}, warm workers: ${sandbox.warmWorkers}`,
    '- Models:',
    ...status.models.map(
      ({ provider, state, detail, models }) =>
        `  - ${provider}: ${state}, ${detail}${models.length > 0 ? ` (${models.join(', ')})` : ''}`,
    ),
    `- Sessions: ${Object.entries(sessionsByStatus)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}; ${status.liveSessions} in memory`,
    `- Storage: ${storage.path}, ${toByteText(storage.bytes)}`,
    '- Folders that may be read:',
    ...(status.allowedRoots.length > 0
      ? status.allowedRoots.map((root) => `  - ${root}`)
      : ['  - none: open a folder, or set rlm.allowedFolders']),
    '',
  ].join('\n');
}

function toPlaceText(placement: EngineStatus['sandbox']['placement']): string {
  switch (placement) {
    case 'not-started':
      return 'not started';
    case 'process':
      return 'a process of its own';
    case 'engine':
      return 'inside the extension host, as no process could be started';
  }
}
