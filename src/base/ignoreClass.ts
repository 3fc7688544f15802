// A class of bytes in a rule of a .gitignore file, such as `[!a-c[:space:]]`. Source: git's wildmatch.c.

const slash = 0x2f;

/** By ASCII alone; what git's own tables say, whose `space` has no form feed and no vertical tab. */
const named: Readonly<Record<string, RegExp>> = {
  alnum: /[a-z0-9]/iu,
  alpha: /[a-z]/iu,
  blank: /[ \t]/u,
  // eslint-disable-next-line no-control-regex -- these are what the class is about
  cntrl: /[\0-\x1f\x7f]/u,
  digit: /\d/u,
  graph: /[!-~]/u,
  lower: /[a-z]/u,
  print: /[ -~]/u,
  punct: /[!-/:-@[-`{-~]/u,
  space: /[ \t\n\r]/u,
  upper: /[A-Z]/u,
  xdigit: /[\da-f]/iu,
};

interface IgnoreClass {
  /** Never a slash; none at all where the class is not well-formed: the rule then matches nothing. */
  readonly bytes: ReadonlySet<number>;
  /** Where its closing bracket stands, or the end of the source. */
  readonly end: number;
}

/** `source`: a character a byte, with an opening bracket at `start`. */
export function readIgnoreClass(source: string, start: number, ignoreCase: boolean): IgnoreClass {
  const malformed: IgnoreClass = { bytes: new Set(), end: source.length };
  const isNegated = source[start + 1] === '!' || source[start + 1] === '^';
  const bytes = new Set<number>();
  let at = start + (isNegated ? 2 : 1);
  /** Where a range may begin; null after a range or a named class. */
  let from: number | null = null;
  do {
    const member = readMember(source, at, from);
    if (member === null) {
      return malformed;
    }
    for (let byte = 0; byte < 256; byte += 1) {
      if (member.has(byte, ignoreCase)) {
        bytes.add(byte);
      }
    }
    from = member.from;
    at = member.next;
  } while (source[at] !== ']');
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const kept = all.filter((byte) => byte !== slash && bytes.has(byte) !== isNegated);
  return { bytes: new Set(kept), end: at };
}

interface Member {
  readonly has: (byte: number, ignoreCase: boolean) => boolean;
  readonly from: number | null;
  readonly next: number;
}

/** Null where the source ends within it, or names no class. */
function readMember(source: string, at: number, from: number | null): Member | null {
  const next = source[at + 1];
  if (source[at] === '-' && from !== null && next !== undefined && next !== ']') {
    const last = readByte(source, at + 1);
    return (
      last && { has: (byte) => byte >= from && byte <= last.byte, from: null, next: last.next }
    );
  }
  if (source[at] === '[' && next === ':') {
    const end = source.indexOf(']', at + 2);
    if (end < 0) {
      return null;
    }
    if (end > at + 2 && source[end - 1] === ':') {
      const name = source.slice(at + 2, end - 1);
      const pattern = Object.hasOwn(named, name) ? named[name] : undefined;
      return pattern ? { has: toTest(name, pattern), from: null, next: end + 1 } : null;
    }
  }
  const one = readByte(source, at);
  return one && { has: (byte) => byte === one.byte, from: one.byte, next: one.next };
}

/** With a backslash before it or without. */
function readByte(
  source: string,
  at: number,
): { readonly byte: number; readonly next: number } | null {
  const place = source[at] === '\\' ? at + 1 : at;
  return place < source.length ? { byte: source.charCodeAt(place), next: place + 1 } : null;
}

function toTest(name: string, pattern: RegExp): Member['has'] {
  return (byte, ignoreCase) => {
    const char = String.fromCharCode(byte);
    const isUpper = name === 'upper' && ignoreCase;
    return byte < 128 && (pattern.test(char) || (isUpper && /[a-z]/u.test(char)));
  };
}
