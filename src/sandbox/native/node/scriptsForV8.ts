// A step's code as V8 runs it: by eval from outside all functions, so that what it declares with `var` and as
// functions are properties of globalThis that later steps can take back. Other declarations give values to the cells
// of declaredV8.guest.txt. Code that awaits is the body of an async function, and strict code keeps declarations to
// itself: of both, functions are run before and by themselves, and `var` only gives values.

import type { Node, Program } from 'acorn';
import { type Edit, applyEdits, rank, toEngineText } from '../../worker/codeEdits';
import { type VariableDeclaration, childrenOf, isFunction } from '../../worker/declarations';
import { toVar } from '../../worker/renewedNames';
import type { AssembleStep, ParsedStep } from '../../worker/rewriteStep';

type Statement = Program['body'][number];
type Declarator = VariableDeclaration['declarations'][number];
type Pattern = Declarator['id'];
type FunctionStatement = Extract<Statement, { type: 'FunctionDeclaration' }>;

/** Named as if it were what a declaration gives its name to. */
const cells = '$rlm_let';
const anonymous = /^(?:ArrowFunctionExpression|FunctionExpression|ClassExpression)$/;

export const assembleForV8: AssembleStep = (parsed) => {
  const { code, program, edits, renewed, isAsync, hasResult } = parsed;
  const isStrict = hasStrictDirective(program);
  const isApart = isAsync || isStrict;
  const lexical = program.body.filter((one) => !isAmong(renewed, one));
  const all = [
    ...edits,
    ...lexical.flatMap((one) => toCells(one, code)),
    ...(isApart ? giveOnly(parsed) : renewed.flatMap(toVar)),
    ...(isAsync && hasResult ? toReturn(program, code) : []),
  ];
  if (!isApart) {
    return { code: toEngineText(applyEdits(code, all)), functions: null };
  }
  const functions = program.body.filter((one) => one.type === 'FunctionDeclaration');
  const script = select({ code, edits: all, functions, isInside: false });
  const before = [...all, ...(isStrict ? functions.map(toStrict) : [])];
  return {
    code: toEngineText(isAsync ? `(async () => {${script}\n})()` : script),
    functions:
      functions.length === 0
        ? null
        : toEngineText(select({ code, edits: before, functions, isInside: true })),
  };
};

function isAmong(renewed: readonly Statement[], one: Statement): boolean {
  return renewed.includes(one);
}

function hasStrictDirective({ body }: Program): boolean {
  return body.some((one) => 'directive' in one && one.directive === 'use strict');
}

/** `let`, `const` and classes at the top level. */
function toCells(statement: Statement, code: string): Edit[] {
  if (statement.type === 'ClassDeclaration') {
    const text = `;${cells}.${statement.id.name} = `;
    return [
      { at: statement.start, length: 0, text, rank: rank.start },
      { at: statement.end, length: 0, text: ';', rank: rank.block },
    ];
  }
  if (statement.type !== 'VariableDeclaration' || statement.kind === 'var') {
    return [];
  }
  return [
    { at: statement.start, length: statement.kind.length, text: ';', rank: rank.start },
    ...statement.declarations.flatMap((one) => toCell(one)),
    ...endStatement(statement, code),
  ];
}

function toCell({ id, init, start, end }: Declarator): Edit[] {
  if (id.type !== 'Identifier') {
    return [
      { at: start, length: 0, text: '(', rank: rank.start },
      ...toTargets(id),
      { at: end, length: 0, text: ')', rank: rank.block },
    ];
  }
  const named = init ? nameValue(id.name, init) : [];
  const value = init ? '' : ' = undefined';
  return [
    { at: id.start, length: id.end - id.start, text: `${cells}.${id.name}${value}`, rank: 3 },
    ...named,
  ];
}

/** What a pattern gives values to, each as a cell. */
function toTargets(pattern: Pattern): Edit[] {
  switch (pattern.type) {
    case 'Identifier':
      return [
        {
          at: pattern.start,
          length: pattern.end - pattern.start,
          text: `${cells}.${pattern.name}`,
          rank: rank.start,
        },
      ];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) => {
        if (one.type === 'RestElement') {
          return toTargets(one.argument);
        }
        const isShort = one.shorthand && one.key.type === 'Identifier';
        const name = isShort && 'name' in one.key ? one.key.name : '';
        const label = { at: one.start, length: 0, text: `${name}: `, rank: rank.end };
        return [...(isShort ? [label] : []), ...toTargets(one.value)];
      });
    case 'ArrayPattern':
      return pattern.elements.flatMap((one) => (one ? toTargets(one) : []));
    case 'RestElement':
      return toTargets(pattern.argument);
    case 'AssignmentPattern': {
      const { left, right } = pattern;
      const named = left.type === 'Identifier' ? nameValue(left.name, right) : [];
      return [...toTargets(left), ...named];
    }
    case 'MemberExpression':
      return [];
  }
}

/** A function without a name of its own is named after what it is given to: that would be a property here. */
function nameValue(name: string, init: Node): Edit[] {
  if (!anonymous.test(init.type) || ('id' in init && init.id)) {
    return [];
  }
  const label = JSON.stringify(name);
  return [
    { at: init.start, length: 0, text: `{[${label}]: `, rank: rank.start },
    { at: init.end, length: 0, text: `}[${label}]`, rank: rank.end },
  ];
}

/** Of what `var` declares outside functions, only that it gives values; the names are there. */
function giveOnly({ program, code, renewed, isAsync, declared }: ParsedStep): Edit[] {
  const edits: Edit[] = [];
  const waiting: { node: Node; parent: Node }[] = childrenOf(program).map((node) => ({
    node,
    parent: program,
  }));
  const hidden = new Set([...declared.lexical, ...declared.renewed]);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, parent } = next;
    const statement = node as Statement; // others declare nothing
    if (statement.type === 'VariableDeclaration') {
      const isRenewed = renewed.includes(statement);
      if (statement.kind === 'var' || isRenewed) {
        edits.push(...giveValues(statement, { parent, code, isRenewed }));
      }
    }
    const isInBlock = statement.type === 'FunctionDeclaration' && parent !== program;
    if (isAsync && isInBlock && isPlain(statement) && !hidden.has(statement.id.name)) {
      const { name } = statement.id;
      const text = `;globalThis.${name} = ${name};`;
      edits.push({ at: node.end, length: 0, text, rank: 0.5 });
    }
    if (!isFunction(node)) {
      waiting.push(...childrenOf(node).map((child) => ({ node: child, parent: node })));
    }
  }
  return edits;
}

function isPlain({ async: isAsync, generator }: FunctionStatement): boolean {
  return !isAsync && !generator;
}

interface VarPlace {
  readonly parent: Node;
  readonly code: string;
  readonly isRenewed: boolean;
}

function giveValues(statement: VariableDeclaration, { parent, code, isRenewed }: VarPlace): Edit[] {
  const isHead = /^For/.test(parent.type) && !('body' in parent && parent.body === statement);
  const isInList = /^(?:Program|BlockStatement|SwitchCase|StaticBlock)$/.test(parent.type);
  const given = statement.declarations.flatMap(({ id, init, start: from, end }): Edit[] => {
    if (id.type !== 'Identifier') {
      const isTarget = isHead && !init; // of a loop over something
      return isTarget
        ? []
        : [
            { at: from, length: 0, text: '(', rank: rank.start },
            { at: end, length: 0, text: ')', rank: rank.block },
          ];
    }
    const isLoop = parent.type === 'ForInStatement' || parent.type === 'ForOfStatement';
    const text = isRenewed ? `${id.name} = undefined` : '0';
    const bare = { at: from, length: id.end - id.start, text, rank: rank.target };
    return init || (isHead && isLoop) ? [] : [bare];
  });
  return [
    {
      at: statement.start,
      length: statement.kind.length,
      text: isInList ? ';' : '',
      rank: rank.start,
    },
    ...given,
    ...(isHead ? [] : endStatement(statement, code)),
  ];
}

function endStatement({ end }: VariableDeclaration, code: string): Edit[] {
  return code[end - 1] === ';' ? [] : [{ at: end, length: 0, text: ';', rank: 6.5 }];
}

function toReturn({ body }: Program, code: string): Edit[] {
  const last = body.at(-1);
  if (last?.type !== 'ExpressionStatement') {
    return [];
  }
  const end = code.at(last.end - 1) === ';' ? last.end - 1 : last.end;
  return [
    { at: last.start, length: 0, text: 'return (', rank: rank.start },
    { at: end, length: 0, text: ')', rank: rank.block },
  ];
}

function toStrict({ body }: FunctionStatement): Edit {
  return { at: body.start + 1, length: 0, text: "'use strict';", rank: 0 };
}

/** Whether it belongs to what comes after its place. */
function begins({ rank: order }: Edit): boolean {
  return order > rank.end && order < rank.block;
}

interface Selection {
  readonly code: string;
  readonly edits: readonly Edit[];
  readonly functions: readonly FunctionStatement[];
  readonly isInside: boolean;
}

/** The code with its edits inside these functions, or all but that; of the rest only its lines. */
function select({ code, edits, functions, isInside }: Selection): string {
  let text = '';
  let done = 0;
  const take = (start: number, end: number, isTaken: boolean): void => {
    const part = code.slice(start, end);
    if (!isTaken) {
      text += `;${part.replace(/[^\r\n\u2028\u2029]/g, '')}`;
      return;
    }
    const isIn = (edit: Edit): boolean =>
      (edit.at > start || (edit.at === start && (begins(edit) || start === 0))) &&
      (edit.at < end || (edit.at === end && (!begins(edit) || end === code.length)));
    const own = edits.filter(isIn).map((edit) => ({ ...edit, at: edit.at - start }));
    text += applyEdits(part, own);
  };
  for (const { start, end } of functions) {
    take(done, start, !isInside);
    take(start, end, isInside);
    done = end;
  }
  take(done, code.length, !isInside);
  return text;
}
