import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { type Node, parse } from 'acorn';
import fc from 'fast-check';
import { markLines } from '../../../src/sandbox/worker/markLines';

const options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowHashBang: true,
} as const;

function withMarks(code: string): string {
  let marked = '';
  let done = 0;
  const marks = markLines(parse(code, options), code, 1);
  for (const { at, text } of marks.toSorted((a, b) => a.at - b.at || a.rank - b.rank)) {
    marked += code.slice(done, at) + text;
    done = at;
  }
  return marked + code.slice(done);
}

const tag = '/*~rlm~*/';

/** The syntax tree without places; of marked code, with each mark replaced by what it stands around. */
function toTree(code: string): unknown {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.filter((one) => !isStatementMark(one)).map(clean);
    }
    if (typeof value !== 'object' || value === null || value instanceof RegExp) {
      return typeof value === 'bigint' ? `${value}n` : value;
    }
    const inner = insideMark(value as Record<string, unknown>);
    return inner === null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'start' && key !== 'end')
            .map(([key, one]) => [key, clean(one)]),
        )
      : clean(inner);
  };
  const isTagged = (node: Node): boolean => code.startsWith(tag, node.end);
  /** Not what a mark stands around, which ends before a tag as well. */
  const isOpenMark = (node: Node | undefined): boolean =>
    node?.type === 'BinaryExpression' && code.startsWith('0|0/', node.start) && isTagged(node);
  const isStatementMark = (value: unknown): boolean => {
    const { expression } = (value ?? {}) as { expression?: Node & { callee?: { name?: string } } };
    return (
      expression !== undefined && (expression.callee?.name === '$rlm_at' || isOpenMark(expression))
    );
  };
  const insideMark = (node: Record<string, unknown>): unknown => {
    const { name } = (node['callee'] ?? {}) as { name?: string };
    const given = node['arguments'] as unknown[];
    if (node['type'] === 'CallExpression' && name?.startsWith('$rlm_')) {
      assert.equal(given.length, name === '$rlm_thrown' ? 4 : 2);
      return given.at(-1);
    }
    const [first, ...others] = (node['expressions'] ?? []) as Node[];
    if (node['type'] !== 'SequenceExpression' || !isOpenMark(first)) {
      return null;
    }
    return others.length === 1 ? others[0] : { ...node, expressions: others };
  };
  return clean(parse(code, options));
}

function checkMarks(code: string): void {
  const marked = withMarks(code);
  assert.deepStrictEqual(toTree(marked), toTree(code));
  assert.equal(marked.split('\n').length, code.split('\n').length);
}

/** Expressions as they may stand behind a word with nothing between. */
const { expression, operand } = fc.letrec<{ expression: string; operand: string }>((tie) => {
  const space = fc.constantFrom('', '', ' ', '/**/', '\n');
  const one = tie('operand');
  const any = tie('expression');
  const leaf = fc.constantFrom(
    ...['a', '5', '"x"', '`t`', '{a:1}', '/r/', 'class{}', 'async()=>1', 'function(){}', 'this'],
  );
  return {
    operand: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf.map((text) => (/^(?:async|function|class|\{)/.test(text) ? `(${text})` : text)),
      fc.tuple(space, any, space).map(([s, x, t]) => `(${s}${x}${t})`),
      fc.tuple(one, any).map(([x, y]) => `${x}[${y}]`),
      fc.tuple(one, fc.array(one, { maxLength: 3 })).map(([x, list]) => `a.b(${x},${list.join()})`),
      fc.tuple(space, one).map(([s, x]) => `[${s}${x}]`),
      one.map((x) => `\`t\${${x}}\``),
      one.map((x) => `!${x}`),
    ),
    expression: fc.oneof(
      { depthSize: 'small' },
      one,
      fc.tuple(one, space, any).map(([x, s, y]) => `${x},${s}${y}`),
      fc.tuple(one, space, one).map(([x, s, y]) => `${x}${s}?${x}:${s}${y}`),
      fc.tuple(space, one).map(([s, x]) => `a${s}=${s}${x}`),
      fc.tuple(one, space, one).map(([x, s, y]) => `${x}||${s}${y}`),
    ),
  };
});

/** No line may end behind a `throw`. */
const gap = fc.constantFrom('', ' ', '/**/');
const statement = fc.oneof(
  fc.tuple(fc.constantFrom('throw', 'await', 'return', 'void'), gap, expression).map(joined),
  fc.tuple(fc.constantFrom('throw', 'await', 'return', 'typeof'), gap, operand).map(joined),
  fc.tuple(operand, operand).map(([x, y]) => `if(${x})throw${' '}${y};else await(${x})`),
  operand.map((x) => `for(const q of[${x}])throw(q,${x})`),
  operand.map((x) => `switch(${x}){case(${x}):throw[${x}]}`),
);

function joined(parts: readonly string[]): string {
  return parts.join('');
}

function isCode(code: string): boolean {
  try {
    parse(code, options);
    return true;
  } catch {
    return false;
  }
}

describe('markLines', () => {
  it('leaves the meaning of every program as it is', () => {
    let tried = 0;
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (lines) => {
        const code = lines.filter(isCode).join('\n;');
        tried += code === '' ? 0 : 1;
        checkMarks(code);
      }),
      { numRuns: 500 },
    );
    assert.ok(tried > 250, `only ${tried} programs`);
  });

  for (const name of ['acorn/dist', 'express/lib', 'esbuild/lib', 'mocha/lib', 'yaml/dist']) {
    it(`leaves the meaning of the files of ${name} as it is`, () => {
      const folder = path.join('node_modules', name);
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.c?js$/.test(file))
        .sort()
        .map((file) => readFileSync(path.join(folder, file), 'utf8'))
        .filter((code) => code.length < 150_000 && isCode(code))
        .slice(0, 40);
      assert.ok(files.length > 0);
      for (const code of files) {
        checkMarks(code);
        checkMarks(code.replace(/\b(throw|await|return) +(?=[[({`'"])/g, '$1'));
      }
    });
  }

  const table = [
    'out(await (0, Promise.resolve(43)))',
    'out(await(1, 2, 3))',
    'out(await[7][0])',
    'out(await`t`)',
    'out(await\n(4,\n5))',
    'out(await"x")',
    'out(await{ a: 1 }.a)',
    'throw (out(1), new Error("real"))',
    'throw(1, 2)',
    'throw`boom`',
    'throw"x"',
    'throw{ code: 5 }',
    'throw[1, 2]',
    'throw-1',
    'throw!0',
    'throw/x/.source',
    'throw async()=>1, 5',
    'throw 1, 2',
    'throw (out(1),\nout(2),\n3)',
    'try { throw(1, 2) } catch (e) { throw(out(e), e) }',
    'const f = () => { throw(0, "in") }; f()',
  ];
  const evaluate = async (code: string): Promise<unknown> => {
    const seen: unknown[] = [];
    const realm = vm.createContext({
      out: (value: unknown) => seen.push(value),
      $rlm_at: () => undefined,
      $rlm_awaiting: (_line: number, value: unknown) => value,
      $rlm_thrown: (...values: unknown[]) => values[3],
    });
    const thrown: unknown = await (
      vm.runInContext(`(async () => {${code}\n})()`, realm) as Promise<unknown>
    ).then(
      () => null,
      (error: unknown) => String((error as { code?: unknown }).code ?? error),
    );
    return { seen, thrown };
  };
  for (const code of table) {
    it(`does not change what comes of ${JSON.stringify(code)}`, async () => {
      assert.deepStrictEqual(await evaluate(withMarks(code)), await evaluate(code));
    });
  }
});
