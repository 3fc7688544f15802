// Before a person's question is taken: models that can answer it, chosen now where there are none.

import * as vscode from 'vscode';
import { chooseModel, type ChooseModelsParts } from '../models/chooseModels';
import { setKeyOfPicked } from '../models/keyCommands';
import { type RunModels, toRunModels } from './runModels';

/** Undefined when the person chose none. Asks the editor's consent where it is missing. */
export async function readyModels(parts: ChooseModelsParts): Promise<RunModels | undefined> {
  const { models } = parts;
  for (;;) {
    const run = toRunModels(await models.readSettings(), null);
    await models.approveByName(run.model);
    await models.approveByName(run.subModel);
    if (run.model !== null || (await models.provider.isReady(null))) {
      return run;
    }
    if (!(await offerChoice(parts))) {
      return undefined;
    }
  }
}

async function offerChoice(parts: ChooseModelsParts): Promise<boolean> {
  const choose = vscode.l10n.t('Choose Models…');
  const setKey = vscode.l10n.t('Set API Key…');
  const text = vscode.l10n.t('No model has been chosen yet that could answer.');
  const chosen = await vscode.window.showWarningMessage(text, choose, setKey);
  if (chosen === setKey) {
    await setKeyOfPicked(parts);
  }
  return chosen !== undefined && chooseModel('loop', parts);
}
