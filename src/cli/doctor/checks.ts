// All that `doctor` looks at, in the order it tells of it.

import type { Check } from './finding';
import { checkChroma, checkCodex, checkEditor, checkKeys } from './serviceChecks';
import { checkBubblewrap, checkContainers, checkGit, checkHome, checkNode } from './systemChecks';

export const checks: readonly Check[] = [
  checkNode,
  checkHome,
  checkGit,
  checkCodex,
  checkContainers,
  checkBubblewrap,
  checkChroma,
  checkKeys,
  checkEditor,
];
