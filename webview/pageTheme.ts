// Light or dark in an exported page: as the system prefers, until the reader chooses.

import { createPageMemory } from './pageMemory';
import { createButton } from './toolkit';
import { t } from './l10n';

type Theme = 'light' | 'dark';

const memory = createPageMemory('rlm-theme', () => localStorage);
const systemDark = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme | null = null;

export function startPageTheme(): void {
  const kept = memory.read();
  chosen = kept === 'light' || kept === 'dark' ? kept : null;
  systemDark.addEventListener('change', applyTheme);
  applyTheme();
}

export function createThemeButton(): HTMLElement {
  return createButton({
    label: t('Light or dark'),
    icon: 'contrast',
    onClick: () => {
      chosen = readTheme() === 'dark' ? 'light' : 'dark';
      memory.write(chosen);
      applyTheme();
    },
  });
}

function readTheme(): Theme {
  return chosen ?? (systemDark.matches ? 'dark' : 'light');
}

/** As an editor tells its webviews; the style listens at the root, the controls at the body. */
function applyTheme(): void {
  const theme = `vscode-${readTheme()}`;
  document.documentElement.className = theme;
  document.body.className = theme;
  document.body.dataset['vscodeThemeKind'] = theme;
}
