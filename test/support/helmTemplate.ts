// Renders the part of Go's templates that our chart uses, and fails for anything else. It is not Helm: it shows
// that the templates are well formed and what they say, not that a cluster takes them.

import { stringify } from 'yaml';

type Value = unknown;

interface Scope {
  readonly root: Readonly<Record<string, Value>>;
  readonly variables: ReadonlyMap<string, Value>;
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly expression: string }
  | {
      readonly kind: 'if';
      readonly condition: string;
      readonly then: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: 'range';
      readonly names: readonly [string, string];
      readonly over: string;
      readonly body: readonly Node[];
    };

interface Token {
  readonly text: string;
  readonly isAction: boolean;
}

export function renderTemplate(template: string, root: Readonly<Record<string, Value>>): string {
  const tokens = tokenize(template);
  const { nodes, rest } = parse(tokens, 0);
  if (rest !== tokens.length) {
    throw new Error('An end without its beginning.');
  }
  return render(nodes, { root, variables: new Map() });
}

/** `{{-` takes white space before it away, `-}}` after it. */
function tokenize(template: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trims = false;
  for (const match of template.matchAll(/\{\{(-?)\s*(.*?)\s*(-?)\}\}/gsu)) {
    const [whole, left, action = '', right] = match;
    const before = template.slice(at, match.index);
    const text = trims ? before.trimStart() : before;
    tokens.push({ text: left === '-' ? text.trimEnd() : text, isAction: false });
    tokens.push({ text: action, isAction: true });
    trims = right === '-';
    at = match.index + whole.length;
  }
  const last = template.slice(at);
  return [...tokens, { text: trims ? last.trimStart() : last, isAction: false }];
}

function parse(
  tokens: readonly Token[],
  from: number,
): { readonly nodes: readonly Node[]; readonly rest: number } {
  const nodes: Node[] = [];
  let at = from;
  while (at < tokens.length) {
    const { text, isAction } = tokens[at] as Token; // within its length
    if (!isAction) {
      nodes.push({ kind: 'text', text });
      at += 1;
    } else if (text === 'end' || text === 'else') {
      return { nodes, rest: at };
    } else if (text.startsWith('if ')) {
      const then = parse(tokens, at + 1);
      const hasElse = tokens[then.rest]?.text === 'else';
      const otherwise = hasElse ? parse(tokens, then.rest + 1) : { nodes: [], rest: then.rest };
      nodes.push({
        kind: 'if',
        condition: text.slice(3),
        then: then.nodes,
        otherwise: otherwise.nodes,
      });
      at = requireEnd(tokens, otherwise.rest);
    } else if (text.startsWith('range ')) {
      const found = /^range (\$\w+), (\$\w+) := (.+)$/u.exec(text);
      const [, key = '', value = '', over = ''] = found ?? fail(text);
      const body = parse(tokens, at + 1);
      nodes.push({ kind: 'range', names: [key, value], over, body: body.nodes });
      at = requireEnd(tokens, body.rest);
    } else {
      nodes.push({ kind: 'output', expression: text });
      at += 1;
    }
  }
  return { nodes, rest: at };
}

function requireEnd(tokens: readonly Token[], at: number): number {
  if (tokens[at]?.text !== 'end' || !tokens[at].isAction) {
    throw new Error('A beginning without its end.');
  }
  return at + 1;
}

function render(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('');
}

function renderNode(node: Node, scope: Scope): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'output':
      return toText(evaluate(node.expression, scope));
    case 'if':
      return render(isTrue(evaluate(node.condition, scope)) ? node.then : node.otherwise, scope);
    case 'range': {
      const over = evaluate(node.over, scope) ?? {};
      const entries = Object.entries(over).sort(([left], [right]) => (left < right ? -1 : 1));
      return entries
        .map(([key, value]) => {
          const [keyName, valueName] = node.names;
          const variables = new Map([...scope.variables, [keyName, key], [valueName, value]]);
          return render(node.body, { ...scope, variables });
        })
        .join('');
    }
  }
}

function evaluate(expression: string, scope: Scope): Value {
  return expression
    .split(' | ')
    .reduce<Value>(
      (piped, part, index) => call(part.trim(), scope, index === 0 ? [] : [piped]),
      undefined,
    );
}

function call(part: string, scope: Scope, piped: readonly Value[]): Value {
  const words = part.match(/"[^"]*"|\S+/gu) ?? fail(part);
  const [name = '', ...rest] = words;
  if (name.startsWith('.') || name.startsWith('$') || name.startsWith('"') || /^\d/u.test(name)) {
    return words.length === 1 ? read(name, scope) : fail(part);
  }
  const given = [...rest.map((word) => read(word, scope)), ...piped];
  const run = functions[name] ?? fail(part);
  return run(...given);
}

const functions: Readonly<Record<string, (...given: readonly Value[]) => Value>> = {
  not: (value) => !isTrue(value),
  eq: (left, right) => left === right,
  quote: (value) => JSON.stringify(toText(value)),
  default: (usual, value) => (isTrue(value) ? value : usual),
  join: (separator, list) => (list as readonly string[]).join(String(separator)), // the schema
  printf: (format, ...given) =>
    given.reduce<string>((text, value) => text.replace('%s', toText(value)), String(format)),
  toYaml: (value) => stringify(value).trimEnd(),
  nindent: (spaces, text) =>
    `\n${String(text)
      .split('\n')
      .map((line) => ' '.repeat(Number(spaces)) + line)
      .join('\n')}`,
};

function read(word: string, { root, variables }: Scope): Value {
  if (word.startsWith('"')) {
    return word.slice(1, -1);
  }
  if (/^\d+$/u.test(word)) {
    return Number(word);
  }
  if (word.startsWith('$')) {
    return variables.has(word) ? variables.get(word) : fail(word);
  }
  if (!/^(?:\.\w+)+$/u.test(word)) {
    return fail(word);
  }
  const names = word.slice(1).split('.');
  return names.reduce<Value>((value, name) => {
    const isThere = typeof value === 'object' && value !== null && name in value;
    return isThere ? value[name as keyof typeof value] : fail(`${word}: there is no ${name}`);
  }, root);
}

function isTrue(value: Value): boolean {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return Boolean(value) && !isEmpty;
}

function toText(value: Value): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : fail(`no text: ${JSON.stringify(value)}`);
}

function fail(what: string): never {
  throw new Error(`The template uses what is not known here: ${what}`);
}
