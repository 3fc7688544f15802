// "RLM: New Agent…": asks for a profile, a task and where it works, and shows the trace of the run that begins.

import path from 'node:path';
import * as vscode from 'vscode';
import type { Isolation } from '../../core/agent/permissions';
import type { Profile } from '../../core/agent/profile';
import type { AgentRuns } from '../../core/agent/agentRuns';
import { RlmError, toRlmError } from '../../core/errors';
import { toPlainLine } from '../plainText';
import { runCancellable } from '../progress';
import { type AgentActions, installCommand } from './agentActions';
import type { AgentMaterial } from './agentMaterial';

export interface NewAgentParts {
  readonly agents: AgentActions;
  readonly showAgent: (sessionId: string) => Promise<void>;
  /** Folders that agents may be given. */
  readonly listFolders: () => readonly string[];
}

export async function newAgent(material: AgentMaterial, parts: NewAgentParts): Promise<void> {
  const { l10n } = vscode;
  const agents = await requireAgents(parts);
  if (!agents) {
    return;
  }
  const title = l10n.t('New agent');
  const profile = await pickProfile(agents, title);
  if (!profile) {
    return;
  }
  const task = await askTask(title, profile, material);
  if (task === undefined) {
    return;
  }
  const folder = material.folder ?? (await pickFolder(title, parts.listFolders()));
  if (folder === undefined) {
    return;
  }
  const isolation = await pickIsolation(agents, { title, profile, folder });
  if (isolation === undefined) {
    return;
  }
  const run = await runCancellable(l10n.t('Starting the agent'), () =>
    agents.spawn(
      {
        ...{ profileId: profile.id, task, goals: [], inputs: material.inputs, folder, isolation },
        flags: { model: null, sandbox: null, approvals: null, network: null },
        ...{ limits: {}, title: null },
      },
      { kind: 'person' },
    ),
  );
  await parts.showAgent(run.id);
}

/** Undefined: there is no Codex, and the person was told how it is installed. */
async function requireAgents({ agents }: NewAgentParts): Promise<AgentRuns | undefined> {
  try {
    return await runCancellable(vscode.l10n.t('Starting the engine'), () => agents.requireRuns());
  } catch (thrown) {
    const { code, message } = toRlmError(thrown);
    if (code !== 'BACKEND_UNAVAILABLE' || !message.includes('Codex')) {
      throw thrown;
    }
    const copy = vscode.l10n.t('Copy Command');
    const open = vscode.l10n.t('Open Terminal');
    const text = vscode.l10n.t(
      'Agents need the Codex CLI, which was not found. Install it with {0}, or name its program in the setting rlm.codexPath, then reload the window.',
      installCommand,
    );
    const chosen = await vscode.window.showErrorMessage(text, open, copy);
    if (chosen === copy) {
      await vscode.env.clipboard.writeText(installCommand);
    } else if (chosen === open) {
      const terminal = vscode.window.createTerminal({ name: 'RLM: Codex' });
      terminal.show();
      terminal.sendText(installCommand, false); // whoever reads it there decides to run it
    }
    return undefined;
  }
}

async function pickProfile(agents: AgentRuns, title: string): Promise<Profile | undefined> {
  const { l10n } = vscode;
  const { profiles, broken } = await agents.parts.profiles.list();
  const items = profiles.map((profile) => ({
    label: toPlainLine(profile.title, 80),
    description: toPlainLine(profile.id, 80),
    detail: toPlainLine(`${profile.sandbox} · ${profile.description}`, 200),
    profile,
  }));
  const faults = broken.map(({ file, message }) => ({
    label: `$(warning) ${toPlainLine(path.basename(file), 80)}`,
    description: l10n.t('cannot be read'),
    detail: toPlainLine(message, 300),
    profile: null,
  }));
  const picked = await vscode.window.showQuickPick([...items, ...faults], {
    title,
    placeHolder: l10n.t('The profile that says what it is and may do'),
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (picked?.profile === null) {
    throw new RlmError('INVALID_INPUT', picked.detail, {
      nextStep: 'Mend the file, then begin again.',
    });
  }
  return picked?.profile;
}

async function askTask(
  title: string,
  profile: Profile,
  { inputs }: AgentMaterial,
): Promise<string | undefined> {
  const { l10n } = vscode;
  const given = Object.keys(inputs);
  const text = await vscode.window.showInputBox({
    title: `${title}: ${toPlainLine(profile.title, 60)}`,
    placeHolder: l10n.t('Mend the failing test of the parser, and say what was wrong'),
    prompt:
      given.length === 0
        ? l10n.t('What it is to do. It costs tokens of your Codex login or key.')
        : l10n.t('What it is to do. It is given, too: {0}', given.join(', ')),
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' ? l10n.t('Write the task first.') : null),
  });
  return text;
}

async function pickFolder(title: string, folders: readonly string[]): Promise<string | undefined> {
  const [only, ...others] = folders;
  if (only === undefined) {
    throw new RlmError('INVALID_INPUT', 'No folder is open that an agent could work in.', {
      nextStep: 'Open a folder first.',
    });
  }
  return others.length === 0
    ? only
    : vscode.window.showQuickPick(folders, {
        title,
        placeHolder: vscode.l10n.t('The folder that it works on'),
        ignoreFocusOut: true,
      });
}

/** Null: there is nothing to choose. */
async function pickIsolation(
  agents: AgentRuns,
  about: { readonly title: string; readonly profile: Profile; readonly folder: string },
): Promise<Isolation | null | undefined> {
  const { title, profile, folder } = about;
  const { isRepository } = await agents.parts.workspaces.readFolder(folder);
  if (!isRepository || profile.workspace.isolation !== null) {
    return null;
  }
  const { l10n } = vscode;
  const choices = [
    {
      label: l10n.t('A git worktree'),
      detail: l10n.t(
        'On a branch of its own, from the last commit; you merge it back when it is done.',
      ),
      isolation: 'worktree' as const,
    },
    {
      label: l10n.t('The folder itself'),
      detail: l10n.t('Its changes are seen there at once; one agent at a time.'),
      isolation: 'folder' as const,
    },
  ];
  const placeHolder = l10n.t('Where it works');
  const options = { title, placeHolder, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(choices, options))?.isolation;
}
