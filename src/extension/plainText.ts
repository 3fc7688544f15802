// Text from models and files, made so that the editor shows it and takes nothing in it for its own.

import { toOneLine } from '../base/text';
import { showControls } from '../base/visible';

/** Icons are written `$(name)` in labels, and links `[text](command:…)` in notifications. */
export function toPlainText(text: string): string {
  return showControls(text).replaceAll('$(', '$\u200B(').replaceAll('](', ']\u200B(');
}

/** One line of it, cut at `maxChars`. */
export function toPlainLine(text: string, maxChars: number): string {
  return toPlainText(toOneLine(text, maxChars));
}
