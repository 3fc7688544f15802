import assert from 'node:assert/strict';

import instructions from '../../../src/mcp/instructions.md';
import { listReplGlobals } from '../../../src/core/replGlobals';
import { tools } from '../../../src/mcp/toolList';

describe('texts for models', () => {
  it('the instructions stay under 150 words', () => {
    assert.ok(instructions.trim().split(/\s+/u).length < 150);
  });

  const countChars = (shown: typeof tools): number =>
    JSON.stringify(
      shown.map(({ listed: { name, description, inputSchema } }) => ({
        name,
        description,
        inputSchema,
      })),
    ).length;

  it('the list of tools, with the instructions, takes less than 37,000 characters of a context', () => {
    const chars =
      instructions.length +
      countChars(tools.filter(({ set }) => set !== 'sandbox' && set !== 'agents'));
    assert.ok(chars < 37_000, `${chars} characters`);
  });

  it('the sandbox tools, which a user may leave out, take less than 9,100 more', () => {
    const chars = countChars(tools.filter(({ set }) => set === 'sandbox'));
    assert.ok(chars < 9_100, `${chars} characters`);
  });

  it('the tools of agents, which are offered where Codex is installed, take less than 9,000 more', () => {
    const chars = countChars(tools.filter(({ set }) => set === 'agents'));
    assert.ok(chars < 9_000, `${chars} characters`);
  });

  it('every global of the REPL is explained in both languages', () => {
    const shared = [
      'context',
      'budget',
      'FINAL',
      'FINAL_VAR',
      'SHOW_VARS',
      'SUBMIT',
      'llm_query',
      'llm_query_batched',
      'rlm_query',
      'rlm_query_batched',
      'print',
      'grep',
      'count',
      'search',
      'chunk',
      ...['lines', 'head', 'tail', 'around', 'top', 'help'],
    ];
    assert.deepStrictEqual(Object.keys(listReplGlobals('python')), [...shared, 'time.sleep']);
    assert.deepStrictEqual(Object.keys(listReplGlobals('javascript')), [
      ...shared,
      ...['readFile', 'readBytes', 'writeFile', 'listFiles', 'sleep'],
    ]);
  });
});
