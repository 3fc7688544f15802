// What a caller must know of the texts: guesses, replacements, and files that held no text. One line a kind.

import { toOneLine } from '../base/text';
import type { CopiedText } from './copyText';
import type { FileKind } from './fileKinds';
import type { RuleProblem } from './ignoreRules';

const shownFiles = 3;
const shownLines = 40;
const shownPathChars = 200;

interface Skipped {
  readonly path: string;
  readonly kind: FileKind | null;
  readonly rule: string | null;
}

export class TextWarnings {
  /** Lines to be, by what they say; with the files they are about. */
  readonly #files = new Map<string, string[]>();
  readonly #likely = new Set<string>();

  /** Of the texts whose encoding is in doubt: what was taken, and what it may be instead. */
  get likelyEncodings(): readonly string[] {
    return [...this.#likely];
  }

  add(path: string, text: CopiedText): void {
    if (text.replacedChars > 0) {
      this.#likely.add(text.encoding);
    }
    for (const doubt of text.doubts) {
      switch (doubt.kind) {
        case 'guess':
          this.#note(path, toGuessText(text.encoding, doubt.others));
          [text.encoding, ...doubt.others].forEach((name) => this.#likely.add(name));
          break;
        case 'declaration':
          [text.encoding, doubt.declared].forEach((name) => this.#likely.add(name));
          this.#note(
            path,
            `says of itself that it is ${doubt.declared}, but its bytes are not; it was read as ${text.encoding}. ` +
              'Give `encoding` if that is wrong',
          );
          break;
        case 'mark':
          this.#note(
            path,
            `begins with the mark of ${text.encoding} and was read so, not as given`,
          );
          break;
        case 'zeros':
          this.#note(
            path,
            'holds zero bytes, as a log that was truncated while open; they are in the text',
          );
          break;
      }
    }
    if (text.replacedChars > 0) {
      const share = `holds bytes that are no ${text.encoding}, each replaced by U+FFFD`;
      const remedy = 'Give `encoding` if it is another; else the file is damaged there';
      this.#note(`${path} (${text.replacedChars.toLocaleString('en')})`, `${share}. ${remedy}`);
    }
  }

  /** Of a text that the caller gave itself: it may hold halves of surrogate pairs. */
  addGivenText(name: string, replacedChars: number): void {
    if (replacedChars > 0) {
      const halves = `${name} (${replacedChars.toLocaleString('en')})`;
      this.#note(halves, 'holds halves of surrogate pairs, each replaced by U+FFFD');
    }
  }

  addUnusedEncoding(encoding: string): void {
    this.#note(
      'encoding',
      `${encoding} was given, and counts for files; a text given inline is text already`,
    );
  }

  /** Of rules that leave files out: more may have been read than was meant. */
  addRules(problems: readonly RuleProblem[]): void {
    for (const { file, problem } of problems) {
      this.#note(file, `${problem}. Name the files that are meant if others were read`);
    }
  }

  toLines(skipped: readonly Skipped[]): readonly string[] {
    const texts = new Map<string, string>();
    for (const { path, kind, rule } of skipped) {
      if (rule !== null) {
        const text =
          texts.get(rule) ??
          `left out for ${toOneLine(rule, 100)} in .gitignore. Name it itself, or set include_ignored`;
        texts.set(rule, text);
        this.#note(path, text);
      }
      if (kind !== null) {
        this.#note(path, `is ${kind.name}, not text, and was left out. ${kind.remedy}`);
      }
    }
    const lines = [...this.#files].map(([text, paths]) => `${toListText(paths)}: ${text}.`);
    const more = lines.length - shownLines;
    return [
      ...lines.slice(0, shownLines),
      ...(more > 0
        ? [`${more.toLocaleString('en')} more warnings of such kinds are left out.`]
        : []),
    ];
  }

  #note(path: string, text: string): void {
    const files = this.#files.get(text);
    if (files === undefined) {
      this.#files.set(text, [path]);
    } else {
      files.push(path);
    }
  }
}

function toGuessText(encoding: string, others: readonly string[]): string {
  const rivals = others.length === 0 ? '' : `; it could be ${others.join(', ')}`;
  return `was read as ${encoding}, which is a guess${rivals}. Give \`encoding\` if the text looks wrong`;
}

function toListText(paths: readonly string[]): string {
  const shown = paths
    .slice(0, shownFiles)
    .map((path) => (path.length > shownPathChars ? `…${path.slice(-shownPathChars)}` : path))
    .join(', ');
  const more = paths.length - shownFiles;
  return more > 0 ? `${shown} and ${more.toLocaleString('en')} more` : shown;
}
