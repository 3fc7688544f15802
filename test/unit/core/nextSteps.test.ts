import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { type Surface, wordNextStep, wordWarning, wordedTools } from '../../../src/core/nextSteps';
import { tools } from '../../../src/mcp/toolList';

/** Functions of the REPL, which code calls on every surface. */
const replFunctions = ['rlm_query', 'rlm_query_batched'];
const surfaces: readonly Surface[] = ['cli', 'editor'];
const argumentNames = new Set(
  tools.flatMap(({ listed }) => Object.keys(Object(listed.inputSchema['properties']) as object)), // a JSON schema
);
const shownFolders = [
  'core',
  'context',
  'models',
  'store',
  'loop',
  'sandbox',
  'protocol',
  'export',
];

interface WrittenError {
  readonly at: string;
  readonly message: string;
  readonly nextStep: string;
}

/** Every RlmError that is made in what a surface may show, by its source: texts with their gaps left out. */
function listErrors(folders: readonly string[]): readonly WrittenError[] {
  const found: WrittenError[] = [];
  for (const folder of folders) {
    const names = readdirSync(path.join('src', folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((one) => one.endsWith('.ts') && !one.endsWith('.d.ts'))) {
      const at = path.join('src', folder, name);
      const file = ts.createSourceFile(at, readFileSync(at, 'utf8'), ts.ScriptTarget.Latest, true);
      const texts = (node: ts.Node): string => {
        const isText =
          ts.isStringLiteralLike(node) ||
          ts.isTemplateHead(node) ||
          ts.isTemplateMiddleOrTemplateTail(node);
        const parts: string[] = isText ? [node.text] : [];
        node.forEachChild((child) => void parts.push(texts(child)));
        return parts.join(' ');
      };
      const visit = (node: ts.Node): void => {
        const isError = ts.isNewExpression(node) && node.expression.getText() === 'RlmError';
        const isUsage = ts.isCallExpression(node) && node.expression.getText() === 'usageError';
        if (isError || isUsage) {
          const [message, nextStep] = (node.arguments ?? []).slice(isUsage ? 0 : 1);
          found.push({
            at,
            message: message ? texts(message) : '',
            nextStep: nextStep ? texts(nextStep) : '',
          });
        }
        node.forEachChild(visit);
      };
      visit(file);
    }
  }
  return found;
}

describe('wordNextStep', () => {
  it('has words for every tool, on every surface', () => {
    assert.deepStrictEqual([...wordedTools].sort(), tools.map(({ name }) => name).sort());
    for (const surface of surfaces) {
      const left = wordedTools.filter((name) =>
        wordNextStep(`See ${name}.`, surface).includes('rlm_'),
      );
      assert.deepStrictEqual(left, []);
    }
  });

  it('knows every name that the errors of the source speak of', () => {
    const folders = ['core', 'context', 'models', 'store', 'loop', 'sandbox', 'cli', 'extension'];
    const names = folders.flatMap((folder) =>
      readdirSync(path.join('src', folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.includes('worker'))
        .flatMap((file) => {
          const source = readFileSync(path.join('src', folder, file), 'utf8');
          return [...source.matchAll(/(?<!\$)\brlm_[a-z_]+\b/gu)].map(([name]) => name);
        }),
    );
    const unknown = new Set(
      names.filter((name) => !wordedTools.includes(name) && !replFunctions.includes(name)),
    );
    assert.deepStrictEqual([...unknown], []);
  });

  for (const surface of surfaces) {
    it(`leaves no name of a tool or of its arguments in any error that is shown: ${surface}`, () => {
      const errors = listErrors([...shownFolders, surface === 'cli' ? 'cli' : 'extension']);
      assert.ok(errors.length > 60);
      const isForTools = (text: string): boolean =>
        [...text.matchAll(/\b[a-z]+(?:_[a-z]+)+\b/gu)].some(
          ([name]) => wordedTools.includes(name) || argumentNames.has(name),
        ) || text.includes('`encoding`');
      assert.deepStrictEqual(
        errors.filter(
          ({ message, nextStep }) =>
            wordedTools.some((name) => message.includes(name)) ||
            isForTools(wordNextStep(nextStep, surface)),
        ),
        [],
      );
    });

    it(`leaves no argument in any warning about a text: ${surface}`, () => {
      const texts = ['textWarnings.ts', 'fileKinds.ts', 'fileContextReader.ts'].flatMap((name) =>
        readFileSync(path.join('src/context', name), 'utf8').replaceAll('\\`', '`').split('\n'),
      );
      const about = texts.filter((line) => /`encoding`|[ '`]include_ignored/iu.test(line));
      assert.ok(about.length >= 5);
      const left = about.filter((line) =>
        /`encoding`|[^-]include_ignored/u.test(wordWarning(line, surface)),
      );
      assert.deepStrictEqual(left, []);
    });
  }

  it('leaves all else as it is, and names options on the command line', () => {
    assert.equal(
      wordNextStep('Ask with llm_query, not rlm_query.', 'cli'),
      'Ask with llm_query, not rlm_query.',
    );
    assert.equal(wordNextStep('Raise max_steps.', 'cli'), 'Raise --max-steps.');
    assert.equal(wordNextStep('Raise max_steps.', 'editor'), 'Raise rlm.limits.maxSteps.');
  });
});
