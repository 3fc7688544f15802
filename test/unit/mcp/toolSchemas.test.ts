// The published schemas: what a client sees of the tools.

import assert from 'node:assert/strict';

import { limitRanges } from '../../../src/core/limits';
import { tools } from '../../../src/mcp/toolList';

type Node = Record<string, unknown>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every property schema below `schema`, with its path. */
function listProperties(schema: unknown, path = ''): (readonly [string, Node])[] {
  if (!isNode(schema)) {
    return [];
  }
  const properties = isNode(schema['properties']) ? Object.entries(schema['properties']) : [];
  return properties.flatMap(([name, property]) => {
    const own = `${path}${path === '' ? '' : '.'}${name}`;
    return isNode(property) ? [[own, property] as const, ...listProperties(property, own)] : [];
  });
}

const readOnly = [
  ...['rlm_wait', 'rlm_get_var', 'rlm_get_trace', 'rlm_list_sessions', 'rlm_status'],
  'search_runs',
  ...['list_agents', 'summarize_session'],
];
/** They say what an agent does next. */
const directsAgents = ['spawn_agent', 'agent_message', 'approve_agent', 'terminate_session'];
/** Their code, or their run, can send text to a provider. */
const asksModels = [
  ...['rlm_init_context', 'rlm_run_repl', 'rlm_answer', 'rlm_wait'],
  ...['rlm_execute', 'rlm_analyze', 'rlm_code', 'rlm_decompose'],
  ...['sandbox_exec', 'sandbox_exec_stateful', 'search_runs'],
];
/** What they are given may go to a place on another machine: Daytona. */
const reachesPlaces = [
  ...['rlm_add_context', 'rlm_fork'],
  ...['sandbox_upload', 'sandbox_download', 'sandbox_files', 'sandbox_shell'],
];

describe('tool schemas', () => {
  it('names, titles and annotations are these', () => {
    assert.deepStrictEqual(
      tools.map(({ listed: { name, annotations } }) => [name, annotations]),
      [
        ['rlm_init_context', 'Open a session over a long context', false],
        ['rlm_run_repl', 'Run code in a session', false],
        ['rlm_answer', 'Answer the prompts of a waiting step or run', false],
        ['rlm_get_var', 'Read a variable', true],
        ['rlm_finalize', 'Finish a session with its answer', true],
        ['rlm_add_context', 'Load more text into a session', false],
        ['rlm_fork', 'Fork a session', false],
        ['rlm_execute', 'Solve a task over a long context', false],
        ['rlm_analyze', 'Answer a question about data', false],
        ['rlm_code', 'Write a tested program', false],
        ['rlm_decompose', 'Split a task and solve its parts', false],
        ['rlm_wait', 'Wait for a run', true],
        ['sandbox_exec', 'Run code in a fresh sandbox', false],
        ['sandbox_exec_stateful', 'Run code in a lasting sandbox', false],
        ['sandbox_upload', 'Put a file into a sandbox', false],
        ['sandbox_download', 'Get a file out of a sandbox', false],
        ['sandbox_files', 'List files of a sandbox', true],
        ['sandbox_shell', 'Run a shell command in a sandbox', false],
        ['list_agents', 'List agents', true],
        ['spawn_agent', 'Spawn an agent', false],
        ['agent_message', 'Tell an agent something', false],
        ['approve_agent', 'Answer an agent’s approval', false],
        ['summarize_session', 'Summarize an agent run', true],
        ['terminate_session', 'Stop an agent', true],
        ['log_context', 'Note something about an agent run', false],
        ['rlm_get_trace', 'Read the trace of a session', true],
        ['search_runs', 'Search sessions and agent runs', true],
        ['rlm_list_sessions', 'List sessions', true],
        ['rlm_status', 'Show the engine’s status', true],
      ].map(([name, title, idempotentHint]) => [
        name,
        {
          title,
          readOnlyHint: readOnly.includes(String(name)),
          // `overwrite` replaces a file of this machine; agents change files of the user's
          destructiveHint: ['sandbox_download', ...directsAgents].includes(String(name)),
          idempotentHint,
          openWorldHint:
            name !== 'terminate_session' &&
            [...asksModels, ...reachesPlaces, ...directsAgents].includes(String(name)),
        },
      ]),
    );
  });

  it('tell how long a result may be to clients that cut results', () => {
    const told = tools.map(({ listed }) => listed['_meta']);
    assert.deepStrictEqual(
      told,
      tools.map(() => ({ 'anthropic/maxResultSizeChars': 100_000 })),
    );
  });

  it('every argument is described, each guardrail by the first tool, and unknown ones are forbidden', () => {
    for (const { listed } of tools) {
      const input = listed.inputSchema;
      assert.deepStrictEqual(input['additionalProperties'], false, listed.name);
      const isFirst = listed.name === 'rlm_init_context';
      const isTold = (path: string): boolean => isFirst || !path.startsWith('config.');
      for (const [path, property] of listProperties(input).filter(([path]) => isTold(path))) {
        assert.deepStrictEqual(typeof property['description'], 'string', `${listed.name} ${path}`);
      }
    }
  });

  it('limits show their range and default, at the top and in config', () => {
    const init = tools.find(({ name }) => name === 'rlm_init_context');
    const properties = new Map(listProperties(init?.listed.inputSchema));
    for (const path of ['max_steps', 'config.max_steps']) {
      const { minimum, maximum, default: fallback } = properties.get(path) ?? {};
      assert.deepStrictEqual(
        { min: minimum, max: maximum, default: fallback },
        limitRanges.maxSteps,
      );
    }
    assert.deepStrictEqual(properties.get('config.max_depth')?.['maximum'], 10);
  });

  it('a result holds all its properties or an error', () => {
    for (const { listed } of tools) {
      const { properties, anyOf, type } = listed.outputSchema;
      assert.ok(isNode(properties) && isNode(properties['error']), listed.name);
      assert.deepStrictEqual(type, 'object');
      assert.ok(Array.isArray(anyOf));
      assert.deepStrictEqual(anyOf[1], { required: ['error'] });
    }
  });

  it('schemas hold no noise and no references', () => {
    const text = JSON.stringify(tools.map(({ listed }) => listed));
    for (const noise of ['9007199254740991', 'propertyNames', '$schema', '$ref']) {
      assert.deepStrictEqual(text.includes(noise), false, noise);
    }
  });

  it('descriptions say when to use a tool, what it costs and what comes next', () => {
    for (const { listed } of tools) {
      const { length } = listed.description;
      assert.ok(length > 200 && length < 900, `${listed.name}: ${length}`);
      assert.match(listed.description, /Next: |go to /u, listed.name);
    }
  });
});
