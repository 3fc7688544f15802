// The settings under `rlm.*`, as package.json declares them.

import { homedir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import {
  type BackendSettings,
  parseBackendSettings,
  usualDaytonaUrl,
} from '../core/backendSettings';
import { type Limits, limitRanges } from '../core/limits';
import { type Language, languages } from '../core/sandbox';
import type { KeyStore } from './models/keyStore';
import type { GivenModelSettings } from './models/modelConfiguration';

/** Null: RLM_HOME, else the platform's data folder. */
export function readHome(): string | null {
  const home = expandHome(read<string>('home', ''));
  return path.isAbsolute(home) ? home : null;
}

/** Folders that may be read besides those of the workspace. */
export function readAllowedFolders(): readonly string[] {
  const folders = read<readonly unknown[]>('allowedFolders', []);
  return folders
    .filter((folder) => typeof folder === 'string')
    .map(expandHome)
    .filter((folder) => path.isAbsolute(folder));
}

/** Of sessions that are opened from the editor. */
export function readLanguage(): Language {
  const given = read<string>('language', 'python');
  return languages.find((language) => language === given) ?? 'python';
}

/** Where the key of Daytona is sent. */
export function readDaytonaUrl(): string {
  const given = read<string>('daytonaApiUrl', '').trim();
  return given || (process.env['DAYTONA_API_URL'] ?? '').trim() || usualDaytonaUrl;
}

/**
 * As the settings say, else the environment. A key is used for the address alone that it was entered for.
 * @throws RlmError 'INVALID_INPUT'
 */
export async function readBackendSettings(keys: Pick<KeyStore, 'read'>): Promise<BackendSettings> {
  const python = expandHome(read<string>('python', ''));
  const daytonaApiUrl = readDaytonaUrl();
  const { DAYTONA_API_KEY: inherited, ...environment } = process.env;
  const isInherited = read<string>('daytonaApiUrl', '').trim() === '';
  return parseBackendSettings(environment, {
    daytonaApiUrl,
    daytonaApiKey: (await keys.read(daytonaApiUrl)) ?? (isInherited ? inherited : undefined),
    daytonaTarget: read<string>('daytonaTarget', ''),
    daytonaSnapshot: read<string>('daytonaSnapshot', ''),
    backend: read<string>('backend', ''),
    fallback: read<string>('fallback', ''),
    python,
    node: expandHome(read<string>('node', '')),
    runtime: expandHome(read<string>('runtime', '')),
    image: read<string>('image', ''),
    network: read<string>('sandbox.network', ''),
  });
}

/** Those that were set and are in range. */
export function readLimits(): Partial<Limits> {
  const names = Object.keys(limitRanges) as (keyof Limits)[]; // keys of a Record<keyof Limits, …>
  const given = names.map((name) => [name, read<unknown>(`limits.${name}`, undefined)] as const);
  return Object.fromEntries(
    given.filter(([name, value]) => {
      const { min, max } = limitRanges[name];
      return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
    }),
  );
}

/** Tool sets that are switched off, by name. */
export function readToolSetsOff(): readonly string[] {
  const sets = read<Readonly<Record<string, unknown>>>('toolSets', {});
  return Object.keys(sets)
    .filter((name) => sets[name] === false)
    .sort();
}

/** Where agents may have files of a sandbox written; null: nowhere. */
export function readDownloadFolder(): string | null {
  return expandHome(read<string>('downloadFolder', '')) || null;
}

/** Unchecked: of any type. */
export function readGivenModelSettings(): GivenModelSettings {
  const configuration = vscode.workspace.getConfiguration('rlm.models');
  const names = ['loop', 'subtask', 'openaiBaseUrl', 'openaiApi', 'anthropicBaseUrl'] as const;
  const given = names.map((name) => [name, configuration.get<unknown>(name)]);
  return Object.fromEntries(given) as GivenModelSettings; // every name is present
}

export async function writeModelSetting(purpose: 'loop' | 'subtask', name: string): Promise<void> {
  await write(`models.${purpose}`, name);
}

export async function writeBackendSetting(backend: string): Promise<void> {
  await write('backend', backend);
}

/** Where the setting already is; an empty value takes it away. */
async function write(name: string, value: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('rlm');
  const isOfWorkspace = configuration.inspect(name)?.workspaceValue !== undefined;
  const { Global, Workspace } = vscode.ConfigurationTarget;
  const target = isOfWorkspace ? Workspace : Global;
  await configuration.update(name, value === '' ? undefined : value, target);
}

/** Null: sessions are kept until they are deleted. */
export function readRetentionDays(): number | null {
  const days = read<number>('retentionDays', 0);
  return days > 0 ? days : null;
}

export function readShowsStatusBar(): boolean {
  return read<boolean>('statusBar', true);
}

/** Of the agents at work. */
export function readShowsAgents(): boolean {
  return read<boolean>('agents.statusBar', true);
}

/** Whether an approval that waits is told by a notification. */
export function readNotifiesApprovals(): boolean {
  return read<boolean>('agents.notifications', true);
}

/** The program of Codex; null: it is looked for. */
export function readCodexPath(): string | null {
  return expandHome(read<string>('codexPath', '').trim()) || null;
}

/** The editor checks types against package.json only in its settings view. */
function read<T>(name: string, otherwise: T): T {
  const value: unknown = vscode.workspace.getConfiguration('rlm').get(name);
  const isSame = otherwise === undefined || typeof value === typeof otherwise;
  const isList = Array.isArray(value) === Array.isArray(otherwise);
  return isSame && isList && value !== undefined ? (value as T) : otherwise; // same type, checked above
}

function expandHome(folder: string): string {
  return folder.replace(/^~(?=$|[/\\])/u, homedir());
}
