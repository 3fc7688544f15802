// What groups, sections and guardrails are called.

import { l10n } from 'vscode';
import type { SessionGroup } from './sessionGroup';
import type { GuardrailName, Section } from './sessionNode';

/** Also of a session's status. */
export function groupWord(group: SessionGroup): string {
  switch (group) {
    case 'active':
      return l10n.t('Active');
    case 'elsewhere':
      return l10n.t('Active in other engines');
    case 'stopped':
      return l10n.t('Stopped');
    case 'closed':
      return l10n.t('Closed');
    case 'interrupted':
      return l10n.t('Interrupted');
    case 'finalized':
      return l10n.t('Finalized');
  }
}

export function sectionWord(section: Section): string {
  switch (section) {
    case 'guardrails':
      return l10n.t('Guardrails');
    case 'variables':
      return l10n.t('Variables');
    case 'steps':
      return l10n.t('Latest steps');
    case 'files':
      return l10n.t('Files');
  }
}

export function guardrailWord(name: GuardrailName): string {
  switch (name) {
    case 'steps':
      return l10n.t('Steps');
    case 'runtime':
      return l10n.t('Run time');
    case 'budget':
      return l10n.t('Budget (characters)');
    case 'llmCalls':
      return l10n.t('Sub-model calls');
    case 'llmTokens':
      return l10n.t('Sub-model tokens');
  }
}
