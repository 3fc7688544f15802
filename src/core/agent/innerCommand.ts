// What a command of an agent comes to, for the rules of its profile: the command within `bash -lc '…'`, as agents'
// programs wrap them, and all that may be a command of its own. Where quoting is not plain the whole is kept: a rule then
// does not match, and a person is asked. Pure.

/** A shell of the system: one that the agent has written itself could do anything. */
const wrapper =
  /^(?:(?:\/usr)?\/bin\/env )?(?:\/(?:usr\/(?:local\/)?)?bin\/|\/opt\/homebrew\/bin\/)?(?:ba|z|da)?sh(?: --?[a-z]+)*? -[a-z]*c (.+)$/su;
const maxWrappers = 10;

/** However often it is wrapped. */
export function toInnerCommand(command: string): string {
  return toLevels(command).at(-1) ?? command;
}

/**
 * Each text that a rule that forbids is about: the command, what it wraps, and every part between operators, quotes and
 * brackets. More than what is run, never less.
 */
export function toCommandTexts(command: string): readonly string[] {
  const levels = toLevels(command);
  const parts = levels.flatMap((one) => one.split(/[;&|<>(){}`'"\n\r]|\$\(/u));
  return [...new Set([...levels, ...parts.map((part) => part.trim())])].filter(
    (text) => text !== '',
  );
}

/** One command and its arguments, as its text says: no operators, substitutions, line breaks or unusual spaces. */
export function isSimpleCommand(command: string): boolean {
  return /^(?:[\p{L}\p{N}_@%+=:,./ ~^-]|'[^'\p{Cc}\p{Zl}\p{Zp}]*'|"[^"\\$`!\p{Cc}\p{Zl}\p{Zp}]*")+$/u.test(
    command,
  );
}

function toLevels(command: string): readonly string[] {
  const levels = [command];
  while (levels.length <= maxWrappers) {
    const [, argument] = wrapper.exec(levels.at(-1) ?? '') ?? [];
    const inner = argument === undefined ? null : unquote(argument);
    if (inner === null) {
      break;
    }
    levels.push(inner);
  }
  return levels;
}

/** One argument of a POSIX shell; null: it is more than one, or not plain. */
function unquote(argument: string): string | null {
  if (/^[\w@%+=:,./-]+$/u.test(argument)) {
    return argument;
  }
  if (/^'[^']*'$/su.test(argument)) {
    return argument.slice(1, -1);
  }
  // 'it'"'"'s' or 'it'\''s': single quotes around everything, each quote within told by one of these.
  if (/^'(?:[^']|'"'"'|'\\'')*'$/su.test(argument)) {
    return argument.slice(1, -1).replaceAll(`'"'"'`, `'`).replaceAll(`'\\''`, `'`);
  }
  return /^"[^"\\$`!]*"$/su.test(argument) ? argument.slice(1, -1) : null;
}
