// Text of unknown origin on a terminal: what could drive the terminal, or reorder what is read, is
// shown instead of sent.

import { escapeControls } from '../../base/visible';

export function toPrintable(text: string): string {
  return escapeControls(text.replaceAll('\r\n', '\n'));
}
