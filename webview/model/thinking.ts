// What a model said beside the code it wrote: the code itself is shown as the step's own.

/** `reply` without the fenced block that holds `code`; the whole of it where there is none. */
export function toThinkingText(reply: string, code: string): string {
  const at = code.trim() === '' ? -1 : reply.indexOf(code.trim());
  const opening = findLastFence(reply.slice(0, Math.max(0, at)));
  const closing = /^\s*\n[ \t]*(?:`{3,}|~{3,})[ \t]*(?=\n|$)/u.exec(
    reply.slice(at + code.trim().length),
  );
  if (at < 0 || opening === null || !closing) {
    return reply.trim();
  }
  const before = reply.slice(0, opening).trim();
  const after = reply.slice(at + code.trim().length + closing[0].length).trim();
  return [before, after].filter((part) => part !== '').join('\n\n');
}

/** Where the line of a fence begins that nothing but blanks follows; null: there is none. */
function findLastFence(text: string): number | null {
  const shown = text.trimEnd();
  const start = shown.lastIndexOf('\n') + 1;
  const isFence = /^[ \t]*(?:`{3}|~{3})/u.test(shown.slice(start));
  return isFence && text.includes('\n', shown.length) ? start : null;
}
