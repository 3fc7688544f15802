import assert from 'node:assert/strict';
import { CallAudit } from '../../../../src/agents/codex/callAudit';

const head = 'Chunk ID: c55916\nWall time: 0.0000 seconds\n';
const cases: readonly [
  name: string,
  given: string,
  output: string,
  ran: { command: string; exitCode: number } | null,
][] = [
  ['exec_command', '{"cmd":"x"}', `${head}Process exited with code 1\nOutput:\n`, toRan(1)],
  ['exec_command', '{"cmd":"x"}', `${head}Process exited with code 0\nOutput:\n`, toRan(0)],
  ['exec_command', '{"cmd":"x"}', 'Wall time: 1 s\nProcess exited with code -9\n', toRan(-9)],
  ['exec_command', '{"cmd":"x"}', `${head}Process running with session ID 1\n`, null],
  ['exec_command', '{"cmd":"x"}', 'rejected: Process exited with code 0\n', null],
  ['exec_command', '{"cmd":"x"}', `${head}Output:\nProcess exited with code 0\n`, null],
  ['exec_command', '{"wrong":1}', `${head}Process exited with code 1\n`, null],
  ['exec_command', 'no JSON', `${head}Process exited with code 1\n`, null],
  ['other', '{"cmd":"x"}', `${head}Process exited with code 1\n`, null],
];

function toRan(exitCode: number) {
  return { command: 'x', exitCode };
}

describe('CallAudit', () => {
  for (const [index, [name, given, output, ran]] of cases.entries()) {
    it(`tells a command that has run without an item by its exit code (${index})`, () => {
      const audit = new CallAudit();
      audit.take({ type: 'function_call', call_id: 'c', name, arguments: given });
      const [told] = audit.take({ type: 'function_call_output', call_id: 'c', output });
      assert.ok(told?.kind === 'unlistedCall');
      assert.deepStrictEqual([told.ran, told.output], [ran, output]);
    });
  }

  it('knows no end of a call that has no output', () => {
    const audit = new CallAudit();
    const call = { type: 'function_call', call_id: 'c', name: 'exec_command' };
    audit.take({ ...call, arguments: '{"cmd":"x"}' });
    const [told] = audit.settle();
    assert.ok(told?.kind === 'unlistedCall');
    assert.deepStrictEqual([told.ran, told.output], [null, null]);
  });
});
