import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parse as parseToml, stringify } from 'smol-toml';
import { setJsonEntry } from '../../../../src/cli/connect/jsonEntry';
import { setTomlEntry } from '../../../../src/cli/connect/tomlEntry';
import { RlmError } from '../../../../src/core/errors';

const stdio = { command: 'node', args: ['/a/dist/cli.js', 'mcp'], required: true };
const http = { url: 'http://127.0.0.1:7345/mcp', bearer_token_env_var: 'RLM_TOKEN' };
const isRefusal = (error: unknown): boolean =>
  error instanceof RlmError && error.code === 'INVALID_INPUT';

describe('setTomlEntry', () => {
  const table =
    '[mcp_servers.rlm]\ncommand = "node"\nargs = [ "/a/dist/cli.js", "mcp" ]\nrequired = true\n';

  it('begins an empty file', () => {
    assert.equal(setTomlEntry('', stdio), table);
  });

  it('appends to what is there', () => {
    const text = '# top\nmodel = "m" # why\n\n[projects."/x"]\ntrust_level = "trusted"\n';
    assert.equal(setTomlEntry(text, stdio), `${text}\n${table}`);
  });

  it('changes its own lines only, and keeps comments, own keys and sub-tables', () => {
    const text = [
      '[mcp_servers.rlm] # the text one',
      '# patience',
      'command = "node"',
      'args = [ "/old/dist/cli.js", "mcp" ]',
      'env = { A = "b" }',
      '',
      '[mcp_servers.rlm.tools.rlm_status]',
      'approval_mode = "prompt"',
      '',
      '# next',
      '[mcp_servers.other]',
      'command = "x"',
      '',
    ].join('\n');
    const edited = setTomlEntry(text, http);
    assert.equal(
      edited,
      [
        '[mcp_servers.rlm] # the text one',
        'url = "http://127.0.0.1:7345/mcp"',
        'bearer_token_env_var = "RLM_TOKEN"',
        '# patience',
        'env = { A = "b" }',
        '',
        ...text.split('\n').slice(6),
      ].join('\n'),
    );
    assert.equal(setTomlEntry(edited, http), edited);
  });

  it('keeps the line ends of the file', () => {
    const edited = setTomlEntry('a = 1\r\n', stdio);
    assert.equal(edited, `a = 1\n\n${table}`.replaceAll('\n', '\r\n'));
  });

  it('refuses what it cannot edit without touching something else', () => {
    const refused = [
      'a = [',
      'mcp_servers = 3',
      'mcp_servers = { other = { command = "x" } }',
      '[mcp_servers]\nrlm = { command = "node", args = ["/a/dist/cli.js", "mcp"] }',
      '[mcp_servers.rlm]\ncommand = "another-program"',
      '[mcp_servers.rlm]\ncommand = "node"\nargs = [\n "/a/dist/cli.js",\n "mcp" ]\n',
      'x = """\n[mcp_servers.rlm]\n"""\n[mcp_servers.rlm]\nurl = "http://x"\nbearer_token_env_var = "RLM_TOKEN"',
    ];
    for (const text of refused) {
      assert.throws(() => setTomlEntry(text, stdio), isRefusal, text);
    }
  });

  it('leaves any other content as it is', () => {
    const key = fc.stringMatching(/^[a-z]{1,6}$/u).filter((name) => name !== 'rlm');
    const value = fc.oneof(fc.string(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
    const server = fc.dictionary(key, value, { maxKeys: 3 });
    const document = fc.record({
      model: fc.string(),
      mcp_servers: fc.dictionary(key, server, { maxKeys: 3 }),
    });
    fc.assert(
      fc.property(document, (before) => {
        const after = parseToml(setTomlEntry(stringify(before), stdio));
        const { rlm, ...others } = after['mcp_servers'] as Record<string, unknown>; // as written
        assert.deepEqual(JSON.parse(JSON.stringify(rlm)), stdio);
        assert.deepEqual(toPlain({ ...after, mcp_servers: others }), toPlain(before));
      }),
    );
  });
});

describe('setJsonEntry', () => {
  const place = { section: 'servers', mayHaveComments: true };
  const strict = { section: 'mcpServers', mayHaveComments: false };

  it('begins an empty file', () => {
    assert.deepStrictEqual(JSON.parse(setJsonEntry('', place, stdio)), { servers: { rlm: stdio } });
  });

  it('keeps comments, other servers and the person’s own keys', () => {
    const text = `{
  // mine
  "servers": {
    "other": { "command": "x" }, // why
    "rlm": {
      "command": "node",
      "args": ["/old/dist/cli.js", "mcp"],
      "env": { "A": "b" } // kept
    }
  }
}
`;
    const edited = setJsonEntry(text, place, http);
    for (const kept of ['// mine', '"other": { "command": "x" }, // why', '// kept']) {
      assert.ok(edited.includes(kept), edited);
    }
    assert.ok(!edited.includes('"command": "node"'));
    assert.equal(setJsonEntry(edited, place, http), edited);
  });

  it('adds the question for a token once', () => {
    const asking = { ...place, input: { id: 'rlm-token', type: 'promptString' } };
    const text = '{ "inputs": [{ "id": "rlm-token", "type": "old" }, { "id": "other" }] }';
    const { inputs } = JSON.parse(setJsonEntry(text, asking, http)) as { inputs: unknown };
    assert.deepStrictEqual(inputs, [{ id: 'rlm-token', type: 'promptString' }, { id: 'other' }]);
    const added = JSON.parse(setJsonEntry('{"inputs":[{"id":"a"}]}', asking, http)) as {
      inputs: unknown;
    };
    assert.deepStrictEqual(added.inputs, [{ id: 'a' }, asking.input]);
  });

  it('refuses broken files, other servers of the name, and comments where the client takes none', () => {
    for (const text of ['{', '[]', '3', '{"servers":[]}', '{"servers":{"rlm":{"command":"x"}}}']) {
      assert.throws(() => setJsonEntry(text, place, stdio), isRefusal, text);
    }
    assert.throws(() => setJsonEntry('{} // c', strict, stdio), isRefusal);
    assert.throws(
      () => setJsonEntry('{"inputs": 3}', { ...place, input: { id: 'a' } }, http),
      isRefusal,
    );
  });
});

function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
