// Marks every place where the searched text stands, without touching the document: one text may be
// spread over many coloured pieces.

import { toPattern } from './model/search';

const name = 'rlm-search';
const maxMarks = 2_000;

/** The first place found inside `root`; null when there is none. */
export function highlightText(root: Element, text: string): Range | null {
  CSS.highlights.delete(name);
  if (text === '') {
    return null;
  }
  const ranges: Range[] = [];
  for (const block of root.querySelectorAll('pre, .value, .answer, .row-title')) {
    for (const match of readMatches(block, toPattern(text))) {
      if (ranges.length >= maxMarks) {
        break;
      }
      ranges.push(match);
    }
  }
  CSS.highlights.set(name, new Highlight(...ranges));
  return ranges[0] ?? null;
}

function* readMatches(block: Element, pattern: RegExp): Generator<Range> {
  const pieces = readPieces(block);
  const whole = pieces.map(({ node }) => node.data).join('');
  let at = 0;
  for (const match of whole.matchAll(pattern)) {
    const end = match.index + match[0].length;
    while ((pieces[at + 1]?.offset ?? Infinity) <= match.index) {
      at += 1;
    }
    let last = at;
    while ((pieces[last + 1]?.offset ?? Infinity) < end) {
      last += 1;
    }
    const [first, final] = [pieces[at], pieces[last]];
    if (first && final) {
      const range = new Range();
      range.setStart(first.node, match.index - first.offset);
      range.setEnd(final.node, end - final.offset);
      yield range;
    }
  }
}

interface Piece {
  readonly node: Text;
  /** Of its first character in the whole text. */
  readonly offset: number;
}

function readPieces(block: Element): readonly Piece[] {
  const pieces: Piece[] = [];
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  let offset = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) {
      pieces.push({ node, offset });
      offset += node.data.length;
    }
  }
  return pieces;
}
