// "RLM: Choose Models…": which model writes the code of runs, and which answers that code's prompts.

import * as vscode from 'vscode';
import type { ProviderStatus } from '../../core/model';
import { runCancellable } from '../progress';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { writeModelSetting } from '../settings';
import { type EditorModel, toModelName } from './editorModel';
import { setKey } from './keyCommands';
import type { ModelAccess } from './modelAccess';

export interface ChooseModelsParts {
  readonly host: EngineHost;
  readonly models: ModelAccess;
}

type Purpose = 'loop' | 'subtask';

type Choice =
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'editor'; readonly model: EditorModel }
  | { readonly kind: 'default' }
  | { readonly kind: 'enter' }
  | { readonly kind: 'key'; readonly provider: string };

interface ChoiceItem extends vscode.QuickPickItem {
  readonly choice?: Choice;
}

/** Asks for the purpose, then for the model. Settles with whether one was chosen. */
export async function chooseModels(parts: ChooseModelsParts): Promise<boolean> {
  const purpose = await pickPurpose(parts);
  return purpose === undefined ? false : chooseModel(purpose, parts);
}

/** Settles with whether one was chosen. */
export async function chooseModel(purpose: Purpose, parts: ChooseModelsParts): Promise<boolean> {
  for (;;) {
    const items = await listItems(purpose, parts);
    const picked = await vscode.window.showQuickPick(items, {
      title: purposeTitle(purpose),
      placeHolder: vscode.l10n.t('Choose a model'),
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    const choice = picked?.choice;
    if (!choice) {
      return false;
    }
    if (choice.kind !== 'key') {
      const name = await settle(choice, parts);
      return name === undefined ? false : save(purpose, name);
    }
    await setKey(choice.provider, parts); // and then choose among its models
  }
}

async function pickPurpose({ models }: ChooseModelsParts): Promise<Purpose | undefined> {
  const { model, subtaskModel } = await models.readSettings();
  const none = vscode.l10n.t('default');
  const items = (
    [
      ['loop', model],
      ['subtask', subtaskModel],
    ] as const
  ).map(([purpose, name]) => ({
    label: purposeTitle(purpose),
    description: toPlainLine(name ?? none, 120),
    purpose,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Choose models'),
    placeHolder: vscode.l10n.t('What the model is for'),
    ignoreFocusOut: true,
  });
  return picked?.purpose;
}

function purposeTitle(purpose: Purpose): string {
  switch (purpose) {
    case 'loop':
      return vscode.l10n.t('Model that writes the code');
    case 'subtask':
      return vscode.l10n.t('Model that answers what the code asks');
  }
}

/** The name to keep; empty: the default; undefined: the person gave up. */
async function settle(
  choice: Exclude<Choice, { kind: 'key' }>,
  { models }: ChooseModelsParts,
): Promise<string | undefined> {
  switch (choice.kind) {
    case 'model':
      return choice.name;
    case 'editor':
      await models.approve(choice.model);
      return toModelName(choice.model);
    case 'default':
      return '';
    case 'enter':
      return enterName();
  }
}

async function enterName(): Promise<string | undefined> {
  const { modelName } = await import('../../models/modelSettings');
  const given = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the model'),
    prompt: vscode.l10n.t(
      'provider/model, such as openai/gpt-5-mini or anthropic/claude-sonnet-4-5',
    ),
    ignoreFocusOut: true,
    validateInput: (text) => modelName.safeParse(text.trim()).error?.issues[0]?.message,
  });
  return given?.trim();
}

async function save(purpose: Purpose, name: string): Promise<boolean> {
  await writeModelSetting(purpose, name);
  const shown = name === '' ? vscode.l10n.t('default') : name;
  showNote(`${purposeTitle(purpose)}: ${toPlainLine(shown, 120)}`);
  return true;
}

async function listItems(
  purpose: Purpose,
  { host, models }: ChooseModelsParts,
): Promise<readonly ChoiceItem[]> {
  const { l10n } = vscode;
  const title = l10n.t('Looking for models');
  return runCancellable(title, async () => {
    const [editorModels, status] = await Promise.all([
      models.listEditorModels(),
      host.start().then((engine) => engine.readStatus()),
    ]);
    const servers = status.models.filter(({ provider }) => isServer(provider));
    return [
      toSeparator(l10n.t('Models of the editor')),
      ...toEditorItems(editorModels, models),
      ...servers.flatMap(toServerItems),
      toSeparator(l10n.t('Models of the client that calls')),
      {
        label: l10n.t('The client’s own model'),
        description: 'sampling',
        detail: l10n.t('For agents whose client offers MCP sampling'),
        choice: { kind: 'model', name: 'sampling' },
      },
      {
        label: l10n.t('The calling agent itself'),
        description: 'caller',
        detail: l10n.t('For agents, which answer the prompts between their calls'),
        choice: { kind: 'model', name: 'caller' },
      },
      toSeparator(''),
      { label: l10n.t('Enter a Name…'), choice: { kind: 'enter' } },
      { label: defaultLabel(purpose), choice: { kind: 'default' } },
    ];
  });
}

function defaultLabel(purpose: Purpose): string {
  switch (purpose) {
    case 'loop':
      return vscode.l10n.t('None: the first that can answer');
    case 'subtask':
      return vscode.l10n.t('The same that writes the code');
  }
}

/** The rest of the providers are listed by what they are, not by their status. */
function isServer(provider: string): boolean {
  return provider === 'openai' || provider === 'anthropic';
}

function toSeparator(label: string): ChoiceItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function toEditorItems(
  editorModels: readonly EditorModel[],
  models: ModelAccess,
): readonly ChoiceItem[] {
  if (editorModels.length === 0) {
    return [{ label: vscode.l10n.t('The editor has no language models') }];
  }
  return editorModels.map((model) => ({
    label: toPlainLine(model.name, 80),
    description: toPlainLine(toModelName(model), 120),
    ...(models.isApproved(model)
      ? {}
      : { detail: vscode.l10n.t('The editor may ask for your consent') }),
    choice: { kind: 'editor', model },
  }));
}

function toServerItems({ provider, state, detail, models }: ProviderStatus): readonly ChoiceItem[] {
  const named = models.map((name) => ({
    label: toPlainLine(name, 120),
    choice: { kind: 'model', name } as const,
  }));
  const key: ChoiceItem = {
    label: vscode.l10n.t('Set API Key…'),
    description: provider,
    ...(state === 'failing' ? { detail: toPlainLine(detail, 200) } : {}),
    choice: { kind: 'key', provider },
  };
  return [toSeparator(provider), ...named, ...(state === 'ready' ? [] : [key])];
}
