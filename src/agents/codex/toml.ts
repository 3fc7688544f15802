// Values as TOML on one line, as `codex -c name=value` takes them.

/** What has no word in TOML (null, undefined) is left out. */
export function toToml(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return toTomlString(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      if (Array.isArray(value)) {
        return `[${value.map(toToml).join(', ')}]`;
      }
      return `{${Object.entries(value ?? {})
        .filter(([, member]) => member !== null && member !== undefined)
        .map(([name, member]) => `${toTomlString(name)} = ${toToml(member)}`)
        .join(', ')}}`;
    case 'undefined':
    case 'function':
    case 'symbol':
      return '""';
  }
}

/** JSON's escapes are TOML's as well; DEL is the one character that TOML wants escaped and JSON does not. */
function toTomlString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f');
}
