// "RLM: Set API Key…" and "RLM: Remove API Key…". A key goes from the input box to the editor's secret
// storage, and is shown nowhere.

import * as vscode from 'vscode';
import { toRlmError } from '../../core/errors';
import type { EngineStatus } from '../../core/engine';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { toPlainLine, toPlainText } from '../plainText';
import { runCancellable } from '../progress';
import { readDaytonaUrl } from '../settings';
import type { ModelAccess } from './modelAccess';

export interface KeyParts {
  readonly host: EngineHost;
  readonly models: ModelAccess;
}

interface Server {
  readonly provider: string;
  readonly url: string;
}

export async function setKeyOfPicked(parts: KeyParts): Promise<void> {
  const servers = await listServers(parts.models);
  const kept = new Set(await parts.models.keys.listServers());
  const items = servers.map(({ provider, url }) => ({
    label: provider,
    description: toPlainLine(url, 120),
    detail: kept.has(url) ? vscode.l10n.t('has a key, which is replaced') : '',
    provider,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Set API key'),
    placeHolder: vscode.l10n.t(
      'Server that the key is for; its address is a setting (rlm.models, rlm.daytonaApiUrl)',
    ),
    ignoreFocusOut: true,
  });
  if (picked) {
    await setKey(picked.provider, parts);
  }
}

export async function setKey(provider: string, { host, models }: KeyParts): Promise<void> {
  const { checkKey } = await import('./modelConfiguration');
  const server = (await listServers(models)).find((one) => one.provider === provider);
  if (!server) {
    return;
  }
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key for {0}', toPlainLine(server.url, 120)),
    prompt: vscode.l10n.t(
      'It is kept in the editor’s secret storage, and sent to this server alone.',
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => checkKey(text),
  });
  if (key === undefined) {
    return;
  }
  await models.keys.set(server.url, key.trim());
  tellStatus(provider, await readStatus(host));
}

export async function removeKey({ models }: KeyParts): Promise<void> {
  const urls = await models.keys.listServers();
  if (urls.length === 0) {
    showNote(vscode.l10n.t('No API key is kept.'));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    urls.map((url) => ({ label: toPlainLine(url, 120), url })),
    {
      title: vscode.l10n.t('Remove API key'),
      placeHolder: vscode.l10n.t('Server whose key is forgotten'),
    },
  );
  if (picked) {
    await models.keys.remove(picked.url);
    showNote(vscode.l10n.t('The key for {0} is forgotten.', picked.url));
  }
}

async function listServers(models: ModelAccess): Promise<readonly Server[]> {
  const { toServerUrl } = await import('./modelConfiguration');
  const { openAi, anthropic } = await models.readSettings();
  return [
    { provider: 'openai', url: toServerUrl('openai', openAi.baseUrl) },
    { provider: 'anthropic', url: toServerUrl('anthropic', anthropic.baseUrl) },
    { provider: 'daytona', url: readDaytonaUrl() },
  ];
}

/** Undefined where no engine runs, as in an untrusted workspace: the key is kept all the same. */
async function readStatus(host: EngineHost): Promise<EngineStatus | undefined> {
  try {
    return await runCancellable(vscode.l10n.t('Asking the server'), async () =>
      (await host.start()).readStatus(),
    );
  } catch (thrown) {
    if (toRlmError(thrown).code === 'INTERNAL_ERROR') {
      throw thrown;
    }
    return undefined;
  }
}

/** Of a provider of models, or of a backend that needs a key. */
function tellStatus(provider: string, all: EngineStatus | undefined): void {
  const status = all?.models.find((one) => one.provider === provider);
  const place = all?.sandbox.backends.find(({ backend }) => backend === provider);
  if (status?.state === 'failing' || place?.works === false) {
    const text = toPlainText(status?.detail ?? place?.detail ?? '');
    void vscode.window.showWarningMessage(vscode.l10n.t('The key is kept, but {0}', text));
  } else if (place) {
    showNote(vscode.l10n.t('The key works: {0} answers.', place.backend));
  } else if (status && status.models.length > 0) {
    showNote(vscode.l10n.t('The key works: {0} lists its models.', status.provider));
  } else {
    showNote(vscode.l10n.t('The key is kept.'));
  }
}
