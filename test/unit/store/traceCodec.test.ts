import assert from 'node:assert/strict';
import fc from 'fast-check';

import type { TraceEvent } from '../../../src/core/event';
import { crc32 } from '../../../src/store/crc32';
import { decodeEvent, encodeEvent, maxLineBytes } from '../../../src/store/traceCodec';
import { arbitraryTrace } from '../../support/arbitraryTrace';
import {
  createOpened,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
} from '../../support/sampleTrace';

function reread(event: TraceEvent): TraceEvent | undefined {
  return decodeEvent(encodeEvent(event).subarray(0, -1));
}

describe('traceCodec', () => {
  it('restores every kind of event', () => {
    const events = createSampleTrace();
    assert.deepStrictEqual(events.map(reread), events);
  });

  it('restores every event with any text in it', () => {
    fc.assert(
      fc.property(arbitraryTrace, (events) => {
        assert.deepStrictEqual(events.map(reread), events);
      }),
    );
  });

  it('writes one line of JSON with snake_case keys, the kind first', () => {
    const line = encodeEvent(createOpened({ title: 'two\nlines' })).toString();
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.ok(line.startsWith('{"kind":"session.opened","at":"2026-07-27T09:30:00.000Z"'));
    assert.deepStrictEqual(Object.keys(JSON.parse(line) as object), [
      'kind',
      'at',
      'step',
      'status',
      'usage',
      'session_id',
      'title',
      'language',
      'sandbox',
      'limits',
      'depth',
      'engine_id',
      'version',
      'crc',
    ]);
  });

  it('tells an empty text and a zero from nothing', () => {
    const change = {
      change: 'added',
      name: 'a',
      type: 'list',
      size: 0,
      preview: '',
      hash: '0',
    } as const;
    const outcome = createOutcome({ result: '', finalAnswer: '', changes: [change] });
    const event = createStepFinished({ outcome });
    assert.deepStrictEqual(reread(event), event);
  });

  it('takes at most 3 KB for an ordinary step', () => {
    const step = createSampleTrace().filter((event) => event.step === 3);
    const bytes = step.reduce((sum, event) => sum + encodeEvent(event).length, 0);
    assert.ok(bytes <= 3_000, `${bytes} bytes`);
  });

  it('refuses to write a line that no reader would take', () => {
    const event = createStepStarted({ code: 'x'.repeat(maxLineBytes) });
    assert.throws(() => encodeEvent(event), { code: 'INVALID_INPUT' });
  });

  it('gives nothing for a line that was changed anywhere', () => {
    const line = encodeEvent(createStepStarted()).subarray(0, -1);
    for (let bit = 0; bit < line.length * 8; bit += 1) {
      const changed = Buffer.from(line);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.equal(decodeEvent(changed), undefined);
    }
  });

  it('gives nothing for sealed JSON that is no event', () => {
    for (const body of ['{"kind":"step.started"', '[1', '{"kind":"of.tomorrow","step":1', '{']) {
      const seal = `,"crc":"${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}"}`;
      assert.equal(decodeEvent(Buffer.from(body + seal)), undefined);
    }
  });

  it('uses the checksum of zlib', () => {
    assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
  });
});
