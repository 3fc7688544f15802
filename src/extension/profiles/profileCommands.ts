// Commands about profiles of agents: a new one, whether all are right, and what one is when its layers are merged.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { ownerFolder } from '../../base/ownerOnly';
import type { Profile, ProfileSource } from '../../core/agent/profile';
import { RlmError } from '../../core/errors';
import type * as RuntimeBundle from '../../runtime';
import { listTrustedFolders } from '../agents/codexPlaces';
import type { ReadOnlyTexts } from '../documents/readOnlyTexts';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import { readHome } from '../settings';
import { readProfileFolder } from './profileEditing';

export interface ProfileCommandParts {
  readonly texts: ReadOnlyTexts;
  readonly loadProfileRuntime: () => Promise<Pick<typeof RuntimeBundle, 'openProfiles'>>;
}

type Run = (...args: unknown[]) => Promise<unknown> | void;

export function listProfileCommands(parts: ProfileCommandParts): Record<string, Run> {
  return {
    newProfile: () => createProfile(parts),
    validateProfiles: () => validate(parts),
    showProfile: async () => {
      const profile = await pick(parts, vscode.l10n.t('The profile to show, its layers merged'));
      return profile && parts.texts.open(`${profile.id}.json`, toJson(profile), 'json');
    },
  };
}

async function open({ loadProfileRuntime }: ProfileCommandParts): Promise<ProfileSource> {
  return runCancellable(vscode.l10n.t('Reading the profiles'), async () => {
    const { openProfiles } = await loadProfileRuntime();
    return openProfiles({ home: readHome(), workspaces: listTrustedFolders() });
  });
}

async function pick(parts: ProfileCommandParts, placeHolder: string): Promise<Profile | undefined> {
  const { profiles } = await (await open(parts)).list();
  const items = profiles.map((profile) => ({
    label: toPlainLine(profile.title, 80),
    description: toPlainLine(profile.id, 80),
    detail: toPlainLine(profile.sources.join(' < '), 200),
    profile,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))
    ?.profile;
}

/** Of the user's own; one that is there is opened and not written. */
async function createProfile(parts: ProfileCommandParts): Promise<void> {
  const { l10n } = vscode;
  const base = await pick(parts, l10n.t('The profile that the new one begins as'));
  if (!base) {
    return;
  }
  const id = await vscode.window.showInputBox({
    title: l10n.t('New profile'),
    prompt: l10n.t('Its id: small letters, digits, _ and -'),
    value: `my_${base.id}`,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[a-z][a-z0-9_-]{0,63}$/u.test(text)
        ? null
        : l10n.t('Take small letters, digits, _ and -, and begin with a letter.'),
  });
  if (id === undefined) {
    return;
  }
  const folder = readProfileFolder();
  const file = path.join(folder, `${id}.yaml`);
  await mkdir(folder, { recursive: true, mode: ownerFolder });
  const text = `extends: ${base.id}\ntitle: ${JSON.stringify(`${base.title}, my way`)}\n`;
  await writeFile(file, text, { flag: 'wx' }).catch((thrown: unknown) => {
    const isThere = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';
    if (!isThere) {
      throw thrown;
    }
    showNote(l10n.t('Profile {0} is there already.', id));
  });
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}

/** Opens the first file that is broken, at its line. */
async function validate(parts: ProfileCommandParts): Promise<void> {
  const { profiles, broken } = await (await open(parts)).list();
  const [first] = broken;
  if (!first) {
    showNote(vscode.l10n.t('All {0} profiles are right.', profiles.length));
    return;
  }
  if (path.isAbsolute(first.file)) {
    const at = new vscode.Position(Math.max(0, (first.line ?? 1) - 1), 0);
    const selection = new vscode.Range(at, at);
    await vscode.window.showTextDocument(vscode.Uri.file(first.file), { selection });
  }
  throw new RlmError('INVALID_INPUT', broken.map(({ message }) => message).join(' '), {
    nextStep: 'Mend what is named, and check again.',
  });
}

function toJson(profile: Profile): string {
  return `${JSON.stringify(profile, null, 2)}\n`;
}
