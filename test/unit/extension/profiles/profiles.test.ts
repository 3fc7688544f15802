import assert from 'node:assert/strict';
import * as z from 'zod';
import { parseProfileFile, profileSchema } from '../../../../src/profiles/profileFile';
import { isProfileFile } from '../../../../src/extension/profiles/profilePlace';
import { type SchemaPart, suggestKeys } from '../../../../src/extension/profiles/suggestKeys';
import schema from '../../../../media/profile.schema.json';

/** At `|` in the text. */
function suggest(text: string): readonly string[] {
  const lines = text.split('\n');
  const line = lines.findIndex((one) => one.includes('|'));
  const character = lines[line]?.indexOf('|') ?? 0;
  const part: SchemaPart = schema;
  const plain = lines.map((one) => one.replace('|', ''));
  return suggestKeys(part, plain, { line, character }).map(({ label }) => label);
}

describe('help with writing a profile', () => {
  it('has a schema that says what the parser takes', () => {
    const made = z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-7' });
    assert.deepStrictEqual(schema, { ...made, title: schema.title });
  });

  it('offers what a part may still have', () => {
    const all = Object.keys(profileSchema.shape);
    assert.deepStrictEqual(suggest('|'), all);
    assert.deepStrictEqual(
      suggest('title: A\ns|\nsandbox: read-only'),
      all.filter((key) => !['title', 'sandbox'].includes(key)),
    );
    assert.deepStrictEqual(suggest('approvals:\n  mode: never\n  |'), [
      ...['allow', 'deny', 'timeout_ms'],
    ]);
    assert.deepStrictEqual(suggest('limits:\n  tokens: 1\n  u|\n  turns: 2\nmodel: x'), [
      ...['usd', 'wall_ms', 'commands', 'children', 'depth', 'idle_ms'],
    ]);
  });

  it('knows the items of lists apart, however they are indented', () => {
    for (const indent of ['', '  ']) {
      const list = (item: string): readonly string[] =>
        suggest(`checklist:\n${indent}- id: a\n${indent}  description: b\n${item}`);
      assert.deepStrictEqual(list(`${indent}- |`), ['id', 'description', 'done_when']);
      assert.deepStrictEqual(list(`${indent}  |`), ['done_when']);
      assert.deepStrictEqual(list(`${indent}  done_when:\n${indent}    |`), [
        ...['command', 'exit', 'diff', 'says', 'child'],
      ]);
    }
  });

  it('offers the values of a key, and nothing inside of texts', () => {
    assert.deepStrictEqual(suggest('sandbox: r|'), [
      ...['read-only', 'workspace-write', 'danger-full-access'],
    ]);
    assert.deepStrictEqual(suggest('network: |'), ['true', 'false']);
    assert.deepStrictEqual(suggest('checklist:\n  - id: a\n    done_when: |'), ['manual']);
    assert.deepStrictEqual(suggest('rules:\n  - before: |'), ['commit', 'complete']);
    assert.deepStrictEqual(suggest('title: what it is|'), []);
    assert.deepStrictEqual(suggest('unknown:\n  |'), []);
  });

  it('offers no key that the parser refuses', () => {
    const values = { id: 'a', description: 'b', before: 'commit' };
    for (const [text, indent] of [
      ['', ''],
      ['approvals:\n', '  '],
      ['workspace:\n', '  '],
      ['limits:\n', '  '],
      ['summaries:\n', '  '],
    ] as const) {
      for (const key of suggest(`${text}${indent}|`)) {
        const parsed = parseProfileFile(`${text}${indent}${key}: ${JSON.stringify(values)}\n`);
        const faults = parsed.kind === 'broken' ? parsed.faults : [];
        const unknown = faults.filter(({ message }) => message.includes(`${key}: is not a known`));
        assert.deepStrictEqual(unknown, [], key);
      }
    }
  });

  it('is for profiles alone', () => {
    const home = '/home/me/data/profiles';
    assert.deepStrictEqual(
      [
        '/work/.rlm/profiles/a.yaml',
        '/work/.rlm/profiles/a.yml',
        `${home}/a.yaml`,
        `${home}/deep/a.yaml`,
        '/work/profiles/a.yaml',
        '/work/.rlm/profiles/a.json',
      ].map((file) => isProfileFile(file, home)),
      [true, true, true, false, false, false],
    );
  });
});
