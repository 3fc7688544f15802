// Every view of a trace says how many of its lines could not be read, and where, and shows the rest.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TraceEvent } from '../../src/core/event';
import { readHistory } from '../../src/core/history';
import type { TraceStore } from '../../src/core/traceStore';
import { countUnreadable } from '../../src/core/unreadableLines';
import { readWholeTrace } from '../../src/cli/traces';
import { exportFormats, exportTrace } from '../../src/export/exportTrace';
import { readPageAfter } from '../../src/core/tracePages';
import { FileTraceStore } from '../../src/store/fileTraceStore';
import { createHome } from '../../src/store/home';
import { type HeldEvent, endHeld, foldEvent } from '../../src/mcp/traceEntries';
import { encodeEvent } from '../../src/store/traceCodec';
import { Trace } from '../../webview/model/trace';
import { joinPieces } from '../support/exportedTraces';
import { createFakeEngine } from '../support/fakeEngine';
import { callTool, connectClient } from '../support/mcpClient';
import { createRandom } from '../support/random';
import {
  createFinalized,
  createOpened,
  createStepFinished,
  createStepStarted,
  sampleSessionId,
} from '../support/sampleTrace';
import { useTempFolder } from '../support/tempFolder';
import { FakeCli } from '../unit/cli/fakeCli';

const lineCount = 1_000;
const damaged = 20;
const viewerFolder = 'dist/webview';
/** What every view for people says. */
const said = /\b20 lines of this trace could not be read \((\d+ [^()]+)\)/u;

function createEvents(): readonly TraceEvent[] {
  const steps = Array.from({ length: (lineCount - 2) / 2 }, (_, at) => [
    createStepStarted({ step: at + 1, code: `x = ${at}` }),
    createStepFinished({ step: at + 1 }),
  ]).flat();
  return [createOpened(), ...steps, createFinalized({ step: steps.length / 2, answer: '42' })];
}

/** One bit of each of these lines is another, and none of it a line's end. */
function flip(lines: readonly Buffer[], hit: ReadonlySet<number>): Buffer {
  const random = createRandom(11);
  return Buffer.concat(
    lines.map((line, index) => {
      if (!hit.has(index)) {
        return line;
      }
      const changed = Buffer.from(line);
      const at = random.nextInt(line.length - 1);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x80, at);
      return changed;
    }),
  );
}

for (const [which, first] of [
  ['its first among them', 0],
  ['not its first', 1],
] as const) {
  describe(`a trace of ${lineCount} lines, ${damaged} of them damaged, ${which}`, function () {
    this.timeout(120_000);
    const temp = useTempFolder();
    const events = createEvents();
    const hit = new Set([
      first,
      ...Array.from({ length: damaged - 3 }, (_, at) => 30 + at * 53),
      31,
      lineCount - 1,
    ]);
    const rest = events.filter((_, index) => !hit.has(index));
    let store: FileTraceStore;

    beforeEach(async () => {
      const home = await createHome(temp());
      const folder = join(home.sessions, sampleSessionId);
      await mkdir(folder);
      await writeFile(join(folder, 'trace.jsonl'), flip(events.map(encodeEvent), hit));
      store = new FileTraceStore({
        home,
        engineId: 'engine-here',
        isEngineAlive: async () => false,
      });
    });
    afterEach(() => store.dispose());

    /** Reads what is asked of it from the damaged trace, whatever session is meant. */
    function readFrom(traces: TraceStore): void {
      traces.readEvents = (_sessionId, query) => store.readEvents(sampleSessionId, query);
      traces.readSummary = () => store.readSummary(sampleSessionId);
    }

    it('is read by the tool, page by page, and by the resource', async () => {
      const engine = createFakeEngine();
      readFrom(engine.traces);
      const client = await connectClient(engine);
      let lines = 0;
      let gapLines = 0;
      let read = 0;
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
        isFirst = false;
        const args = { session_id: sampleSessionId, limit: 300, ...(cursor && { cursor }) };
        const { payload } = await callTool(client, 'rlm_get_trace', args);
        const page = payload as {
          events: unknown[];
          next_cursor: string | null;
          unreadable_lines?: number;
          unreadable?: { lines: number }[];
        }; // checked by the client against the output schema
        lines += page.unreadable_lines ?? 0;
        gapLines += (page.unreadable ?? []).reduce((sum, gap) => sum + gap.lines, 0);
        read += page.events.length;
        cursor = page.next_cursor ?? undefined;
      }
      assert.deepStrictEqual([lines, gapLines, read], [damaged, damaged, countEntries(rest)]);
      const args = {
        session_id: sampleSessionId,
        response_format: 'markdown',
        from_step: 14,
        to_step: 18,
      };
      const { text } = await callTool(client, 'rlm_get_trace', args);
      assert.match(text, /Of this page 2 line\(s\) .*: 2 between step 15 and step 16/u);
      const { contents } = await client.readResource({
        uri: `rlm://sessions/${sampleSessionId}/trace`,
      });
      assert.match(JSON.stringify(contents), /unreadable_lines/u);
      await client.close();
      await engine.close();
    });

    it('is shown by the command line', async () => {
      const cli = new FakeCli();
      readFrom(cli.traces);
      assert.equal(await cli.run('trace', sampleSessionId, '--json'), 0);
      assert.equal(cli.output.text.trimEnd().split('\n').length, rest.length);
      assert.match(cli.errors.text, said);
    });

    it('is shown by the REPL', async () => {
      const cli = new FakeCli({ files: { '/data/a.log': 'one' }, isTerminal: true, cwd: temp() });
      const ended = cli.run('run', '/data/a.log', '--language', 'javascript');
      await cli.output.until('js> ');
      readFrom(cli.traces);
      cli.input.write('.trace\r.exit\r');
      assert.equal(await ended, 0);
      assert.match(cli.output.text, said);
    });

    for (const format of exportFormats) {
      it(`is exported as ${format}`, async () => {
        const summary = await store.readSummary(sampleSessionId);
        assert.ok(summary);
        const whole = readWholeTrace(store, sampleSessionId);
        const text = await joinPieces(exportTrace(format, { summary, ...whole }, viewerFolder));
        if (format === 'json') {
          const json = JSON.parse(text) as Record<string, unknown[]>; // just written
          const gaps = json['unreadable'] as { lines: number }[]; // as above
          const inAll = gaps.reduce((sum, { lines }) => sum + lines, 0);
          assert.deepStrictEqual(
            [json['unreadable_lines'], inAll, json['events']?.length],
            [damaged, damaged, rest.length],
          );
        } else {
          assert.match(text, said);
        }
      });
    }

    it('reaches the viewer whole, told of once, however it grows', async () => {
      const summary = await store.readSummary(sampleSessionId);
      assert.ok(summary);
      const trace = new Trace();
      trace.begin(summary);
      let cursor: string | null = null;
      for (let complete = false; !complete;) {
        const page = await readPageAfter(store, sampleSessionId, cursor);
        trace.append(page.events, page.unreadable);
        ({ cursor, complete } = page);
      }
      const again = await readPageAfter(store, sampleSessionId, cursor);
      assert.deepStrictEqual([again.events, again.unreadable], [[], []]);
      assert.equal(countUnreadable(trace.unreadable), damaged);
      const steps = new Set(rest.map(({ step }) => step));
      assert.equal(trace.steps.length, steps.size - (steps.has(0) ? 1 : 0));
    });

    it('is listed, and its replay tells what it leaves out', async () => {
      const { summaries } = await store.listSummaries({ status: null, limit: 9, cursor: null });
      assert.deepStrictEqual(
        summaries.map(({ sessionId }) => sessionId),
        [sampleSessionId],
      );
      if (first === 0) {
        await assert.rejects(readHistory(store, sampleSessionId, null), {
          code: 'SESSION_NOT_FOUND',
        });
      } else {
        const { unreadable } = await readHistory(store, sampleSessionId, null);
        assert.equal(countUnreadable(unreadable), damaged);
      }
    });
  });
}

/** As rlm_get_trace shows them: a step is one. */
function countEntries(events: readonly TraceEvent[]): number {
  let held: HeldEvent = null;
  let count = 0;
  for (const event of events) {
    const folded = foldEvent(held, event);
    count += (folded.ended ? 1 : 0) + (folded.own ? 1 : 0);
    held = folded.held;
  }
  return count + (endHeld(held) ? 1 : 0);
}
