// "RLM: Choose Backend…" and "RLM: New Session on a Backend…": where the code of sessions runs.

import * as vscode from 'vscode';
import { type BackendName, languages } from '../../core/sandbox';
import { wordNextStep } from '../../core/nextSteps';
import { backendWords } from '../../export/wording';
import type { EngineHost } from '../engineHost';
import { showNote } from '../messages';
import { setKey } from '../models/keyCommands';
import type { ModelAccess } from '../models/modelAccess';
import { toPlainLine, toPlainText } from '../plainText';
import { runCancellable } from '../progress';
import { readBackendSettings, readLanguage, writeBackendSetting } from '../settings';
import { type BackendFacts, toBackendFacts } from './backendItems';

export interface BackendParts {
  readonly host: EngineHost;
  readonly models: ModelAccess;
}

type Choice =
  | { readonly kind: 'backend'; readonly facts: BackendFacts }
  | { readonly kind: 'unset' }
  | { readonly kind: 'key' };

interface ChoiceItem extends vscode.QuickPickItem {
  readonly choice?: Choice;
}

const { l10n } = vscode;

/** For all sessions to come: the setting `rlm.backend`. */
export async function chooseBackend(parts: BackendParts): Promise<void> {
  const title = l10n.t('Where code of new sessions runs');
  const chosen = await pickBackend(parts, { title, offersUnset: true });
  if (chosen === undefined) {
    return;
  }
  await writeBackendSetting(chosen ?? '');
  const { backend } = await readBackendSettings(parts.models.keys);
  showNote(l10n.t('New sessions run in: {0}', l10n.t(backendWords[backend])));
}

/** Null: none is set, so that the environment's or the usual one holds; undefined: the person gave up. */
export async function pickBackend(
  parts: BackendParts,
  words: { readonly title: string; readonly offersUnset: boolean },
): Promise<BackendName | null | undefined> {
  for (;;) {
    const picked = await vscode.window.showQuickPick(listItems(parts, words.offersUnset), {
      title: words.title,
      placeHolder: l10n.t('Choose a backend'),
      matchOnDescription: true,
      matchOnDetail: true,
      ignoreFocusOut: true,
    });
    const choice = picked?.choice;
    if (!choice) {
      return undefined;
    }
    switch (choice.kind) {
      case 'unset':
        return null;
      case 'key':
        await setKey('daytona', parts); // and then it is looked at again
        break;
      case 'backend':
        if (choice.facts.works || (await confirmUnusable(choice.facts))) {
          return choice.facts.backend;
        }
    }
  }
}

async function listItems(
  { host, models }: BackendParts,
  offersUnset: boolean,
): Promise<readonly ChoiceItem[]> {
  const { sandbox, current } = await runCancellable(l10n.t('Looking for backends'), async () => {
    const engine = await host.start();
    const [status, settings] = await Promise.all([
      engine.readStatus(),
      readBackendSettings(models.keys),
    ]);
    return { sandbox: status.sandbox, current: settings.backend };
  });
  const given = readLanguage();
  const others = languages.filter((one) => one !== given);
  const own = toBackendFacts(sandbox.backends, { language: given, current });
  const known = new Set(own.map(({ backend }) => backend));
  const rest = others
    .flatMap((language) => toBackendFacts(sandbox.backends, { language, current }))
    .filter(({ backend }) => !known.has(backend));
  const items = own.map((facts) => toItem(facts));
  const hasKey = sandbox.backends.some(({ backend, works }) => backend === 'daytona' && works);
  return [
    ...items,
    ...(rest.length === 0
      ? []
      : [
          {
            label: l10n.t('In another language than {0}', given),
            kind: vscode.QuickPickItemKind.Separator,
          },
          ...rest.map((facts) => toItem(facts)),
        ]),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    ...(hasKey
      ? []
      : [
          {
            label: l10n.t('Set API Key…'),
            description: 'daytona',
            detail: l10n.t('It is kept in the editor’s secret storage'),
            choice: { kind: 'key' } as const,
          },
        ]),
    ...(offersUnset
      ? [
          {
            label: l10n.t('None: what RLM_BACKEND says, else WebAssembly'),
            choice: { kind: 'unset' } as const,
          },
        ]
      : []),
  ];
}

function toItem(facts: BackendFacts): ChoiceItem {
  const { backend, isCurrent, works, detail, walls, nextStep } = facts;
  const state = works ? l10n.t('works') : l10n.t('does not work');
  const told = works ? [detail, ...walls] : [detail, wordNextStep(nextStep ?? '', 'editor')];
  return {
    label: l10n.t(backendWords[backend]),
    description: [backend, state, ...(isCurrent ? [l10n.t('current')] : [])].join(' · '),
    detail: toPlainLine(told.join(works ? ', ' : ' '), 400),
    iconPath: new vscode.ThemeIcon(isCurrent ? 'check' : works ? 'blank' : 'warning'),
    choice: { kind: 'backend', facts },
  };
}

/** What it needs may be put there later. */
async function confirmUnusable({ backend, detail, nextStep }: BackendFacts): Promise<boolean> {
  const use = l10n.t('Use It All the Same');
  const chosen = await vscode.window.showWarningMessage(
    l10n.t('{0} does not work here now.', l10n.t(backendWords[backend])),
    {
      modal: true,
      detail: toPlainText(`${detail} ${wordNextStep(nextStep ?? '', 'editor')}`),
    },
    use,
  );
  return chosen === use;
}
