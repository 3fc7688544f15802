import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Surface, wordNextStep, wordedTools } from '../../../src/core/nextSteps';
import { tools } from '../../../src/mcp/toolList';

/** Functions of the REPL, which code calls on every surface. */
const replFunctions = ['rlm_query', 'rlm_query_batched'];
const surfaces: readonly Surface[] = ['cli', 'editor'];

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
          return [...source.matchAll(/\brlm_[a-z_]+\b/gu)].map(([name]) => name);
        }),
    );
    const unknown = new Set(
      names.filter((name) => !wordedTools.includes(name) && !replFunctions.includes(name)),
    );
    assert.deepStrictEqual([...unknown], []);
  });

  it('leaves all else as it is, and names options on the command line', () => {
    assert.equal(
      wordNextStep('Ask with llm_query, not rlm_query.', 'cli'),
      'Ask with llm_query, not rlm_query.',
    );
    assert.equal(wordNextStep('Raise max_steps.', 'cli'), 'Raise --max-steps.');
    assert.equal(wordNextStep('Raise max_steps.', 'editor'), 'Raise max_steps.');
  });
});
