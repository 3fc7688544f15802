// The command within `bash -lc '…'`, as agents' programs wrap them, so that rules are about what was meant. Where its
// quoting is not plain the whole is kept: a rule then does not match, and a person is asked. Pure.

const wrapper = /^(?:[\w./-]*\/)?(?:ba|z|da)?sh -l?c (.+)$/su;

export function toInnerCommand(command: string): string {
  const [, argument] = wrapper.exec(command) ?? [];
  return argument === undefined ? command : (unquote(argument) ?? command);
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
