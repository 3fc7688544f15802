// Finds what names a place in a source of the context: a printed span, `path:line` of a known path, or a line of a
// list of spans of the only source, `line:offset: …`.
// Only what is certain becomes a link; whether the file is there, the editor says when it is asked.

import type { ContextInfo } from '../../src/core/context';
import type { SourcePlace } from '../../src/protocol/viewer';

export interface SourceLink {
  /** Where in the text it stands. */
  readonly start: number;
  readonly end: number;
  readonly place: SourcePlace;
}

/** Python's `Span(path='a.log', start=1, end=4, line=1`, path left out where the context is one text. */
const pythonSpan =
  /Span\((?:path=(?:'([^'\\\n]+)'|"([^"\\\n]+)"), )?start=(\d+), end=(\d+), line=(\d+)/gu;
/** JavaScript's `Span { start: 1, end: 4, line: 1, text: 'abc', path: 'a.log'`, on one line or many. */
const javascriptSpan =
  /Span \{\s*start: (\d+),\s*end: (\d+),\s*line: (\d+),\s*text: (?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)(?:,\s*path: (?:'([^'\\\n]+)'|"([^"\\\n]+)"))?/gu;
/** A run of what paths are made of, after a drive letter, with the line after it where one is: each run is read once. */
const pathAndLine = /((?:[A-Za-z]:(?=[\\/]))?)([^\s:'"`()[\]{}<>,;=]+)(?::(\d+)(?!\d|\.\d))?/gu;
/** A line of a printed list of spans without a path; of a chunk with its end. */
const listedSpan = /^([1-9]\d{0,14}):(\d{1,15})(?:-(\d{1,15}))?(?=: )/gmu;

export function findSourceLinks(
  text: string,
  contexts: readonly ContextInfo[],
): readonly SourceLink[] {
  const known = new Set(contexts.flatMap(({ sources }) => sources.map(({ path }) => path)));
  const [context] = contexts;
  const hasOneFile = contexts.length === 1 && context?.kind === 'files' && known.size === 1;
  const links = [
    ...toLinks(text, pythonSpan, ([, single, double, start, end, line]) =>
      toPlace(single ?? double, [start, end, line]),
    ),
    ...toLinks(text, javascriptSpan, ([, start, end, line, single, double]) =>
      toPlace(single ?? double, [start, end, line]),
    ),
    ...findPathLinks(text, known),
    ...(hasOneFile ? findListLinks(text, context) : []),
  ];
  return links
    .filter(({ place }) => place.path !== null || hasOneFile)
    .sort((left, right) => left.start - right.start)
    .filter((link, index, all) => index === 0 || link.start >= (all[index - 1]?.end ?? 0));
}

/** Only where all such lines can be places of the source, and not all of them times of day. */
function findListLinks(
  text: string,
  { totalChars, totalLines }: ContextInfo,
): readonly SourceLink[] {
  const links = toLinks(text, listedSpan, ([, line, start, end = start]) =>
    toPlace(undefined, [start, end, line]),
  );
  const places = links.flatMap(({ place: { line, range } }) =>
    line !== null && range ? [{ line, start: range.start, end: range.end }] : [],
  );
  const isPlace = places.every(
    ({ line, start, end }) =>
      line <= totalLines && start >= line - 1 && start <= end && end <= totalChars,
  );
  const sorted = [...places].sort((one, other) => one.start - other.start);
  const isInOrder = sorted.every(({ line }, index) => line >= (sorted[index - 1]?.line ?? 1));
  const isTime = places.every(({ line, start, end }) => line < 24 && start < 60 && start === end);
  return isPlace && isInOrder && !isTime ? links : [];
}

function findPathLinks(text: string, known: ReadonlySet<string>): readonly SourceLink[] {
  const links: SourceLink[] = [];
  for (const match of text.matchAll(pathAndLine)) {
    const [whole, drive = '', name = '', line] = match;
    const path = [drive + name, name].find((one) => known.has(one));
    if (line !== undefined && path !== undefined) {
      const end = match.index + whole.length;
      const start = match.index + (path === name ? drive.length : 0);
      links.push({ start, end, place: { path, line: Number(line), range: null } });
    }
  }
  return links;
}

function toLinks(
  text: string,
  pattern: RegExp,
  read: (match: RegExpExecArray) => SourcePlace | null,
): readonly SourceLink[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const place = read(match);
    return place ? [{ start: match.index, end: match.index + match[0].length, place }] : [];
  });
}

function toPlace(
  path: string | undefined,
  [start, end, line]: readonly (string | undefined)[],
): SourcePlace {
  const range = { start: Number(start), end: Number(end) };
  return { path: path ?? null, line: Number(line), range };
}
