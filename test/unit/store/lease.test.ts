import assert from 'node:assert/strict';
import { appendFile, mkdtemp, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { LeaseLostError } from '../../../src/core/traceStore';
import {
  judgeLease,
  type Lease,
  type LeaseFiles,
  type LeaseRecord,
  openerRecord,
  readLease,
  takeLease,
} from '../../../src/store/lease';
import { LeaseFolder } from '../../../src/store/leaseFolder';
import { toStoreError } from '../../../src/store/storeError';
import { TraceFile } from '../../../src/store/traceFile';
import { readEventPage } from '../../../src/store/traceReader';
import { TraceSegments } from '../../../src/store/traceSegments';
import { type Actor, runInEveryOrder, type Turn } from '../../support/everyOrder';
import { createOpened, createStepStarted } from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const wholeTrace = { fromStep: null, toStep: null, cursor: null, limit: 1_000 };
const free: Lease = { record: openerRecord, claimed: 0, claimedAt: null };

/** Another actor may come between any two of its steps. */
class SteppedFiles implements LeaseFiles {
  readonly #files: LeaseFiles;
  readonly #turn: Turn;

  constructor(files: LeaseFiles, turn: Turn) {
    this.#files = files;
    this.#turn = turn;
  }

  listClaims = () => this.#files.listClaims();
  readRecord = (generation: number) => this.#step(() => this.#files.readRecord(generation));
  readClaimTime = (generation: number) => this.#files.readClaimTime(generation);
  claim = (generation: number) => this.#step(() => this.#files.claim(generation));
  writeRecord = (record: LeaseRecord) => this.#step(() => this.#files.writeRecord(record));
  withdraw = (generation: number) => this.#files.withdraw(generation);
  measureSegment = (generation: number) => this.#step(() => this.#files.measureSegment(generation));

  async #step<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    return work();
  }
}

/** The rules alone, without a disk. */
class MemoryFiles implements LeaseFiles {
  readonly records = new Map<number, LeaseRecord | null>();
  readonly segments = new Map<number, string[]>();

  listClaims = async () => [...this.records.keys()].sort((left, right) => right - left);
  readRecord = async (generation: number) => this.records.get(generation) ?? undefined;
  readClaimTime = async () => 0;
  measureSegment = async (generation: number) => this.segments.get(generation)?.length ?? 0;

  async claim(generation: number): Promise<boolean> {
    const isFirst = !this.records.has(generation);
    if (isFirst) {
      this.records.set(generation, null);
    }
    return isFirst;
  }

  async writeRecord(record: LeaseRecord): Promise<void> {
    this.records.set(record.generation, record);
  }

  async withdraw(generation: number): Promise<void> {
    this.records.delete(generation);
  }

  /** As `TraceFile` does: it writes first, and looks for a claim then. True: it counts. */
  async append(generation: number, event: string, turn: Turn): Promise<boolean> {
    await turn();
    this.segments.set(generation, [...(this.segments.get(generation) ?? []), event]);
    await turn();
    return !this.records.has(generation + 1);
  }

  async readTrace(): Promise<readonly string[]> {
    const { generation, earlier } = (await readLease(this)).record;
    const parts = earlier.map((one) => this.segments.get(one.generation)?.slice(0, one.bytes));
    return [...parts, this.segments.get(generation)].flatMap((part) => part ?? []);
  }
}

describe('the lease of a session', () => {
  const temp = useTempFolder();

  describe('is judged', () => {
    const facts = {
      now: 100_000,
      engineId: 'engine-own',
      isWriting: false,
      openerId: 'engine-opener',
      isClosed: false,
      isHolderAlive: true,
    };
    const heldBy = (engineId: string): Lease => ({
      record: { generation: 1, holder: { kind: 'engine', engineId }, earlier: [] },
      claimed: 1,
      claimedAt: null,
    });
    const cases: readonly [string, Lease, Partial<typeof facts>, string][] = [
      ['of a running opener', free, {}, 'held'],
      ['of an opener that closed it', free, { isClosed: true }, 'free'],
      ['of an opener that is gone', free, { isHolderAlive: false }, 'free'],
      [
        'of the asking opener, which writes',
        free,
        { openerId: 'engine-own', isWriting: true },
        'held',
      ],
      ['of the asking opener, which lost it', free, { openerId: 'engine-own' }, 'free'],
      ['of a running engine', heldBy('engine-a'), {}, 'held'],
      ['of an engine that is gone', heldBy('engine-a'), { isHolderAlive: false }, 'free'],
      ['of an engine that closed it', heldBy('engine-a'), { isClosed: true }, 'free'],
      ['of the asking engine, which writes', heldBy('engine-own'), { isWriting: true }, 'held'],
      [
        'given back',
        { ...free, record: { ...openerRecord, holder: { kind: 'nobody' } } },
        {},
        'free',
      ],
      [
        'just claimed',
        { ...free, claimed: 1, claimedAt: 95_000 },
        { isClosed: true },
        'being_taken',
      ],
      [
        'claimed by an engine that died',
        { ...free, claimed: 1, claimedAt: 80_000 },
        { isClosed: true },
        'free',
      ],
      [
        'claimed at a wrong clock',
        { ...free, claimed: 1, claimedAt: 9e12 },
        { isClosed: true },
        'free',
      ],
    ];
    for (const [name, lease, changed, verdict] of cases) {
      it(`${verdict}: ${name}`, () => {
        assert.equal(judgeLease(lease, { ...facts, ...changed }), verdict);
      });
    }
  });

  it('keeps what was acknowledged, once and apart, in every order of a late writer and two that take over', async () => {
    const orders = await runInEveryOrder(() => {
      const files = new MemoryFiles();
      files.segments.set(0, ['opened']);
      const acknowledged: string[] = [];
      const taken: number[] = [];
      const write: Actor = async (turn) => {
        if (await files.append(0, 'late', turn)) {
          acknowledged.push('late');
        }
      };
      const take =
        (name: string): Actor =>
        async (turn) => {
          const record = await takeLease(new SteppedFiles(files, turn), free, name).catch(
            () => null,
          );
          if (record) {
            taken.push(record.generation);
            if (await files.append(record.generation, name, turn)) {
              acknowledged.push(name);
            }
          }
        };
      return {
        actors: [write, take('second'), take('third')],
        check: async (order) => {
          const trace = await files.readTrace();
          assert.deepStrictEqual(taken, [1], order);
          assert.equal(new Set(trace).size, trace.length, order);
          assert.deepStrictEqual(
            acknowledged.filter((event) => !trace.includes(event)),
            [],
            order,
          );
          const last = trace.at(-1);
          assert.ok(last === 'second' || last === 'third', order);
        },
      };
    });
    assert.ok(orders > 250, String(orders));
  });

  it('keeps it too when an engine that was stopped between its claim and its record goes on after it was given up', async () => {
    const orders = await runInEveryOrder(() => {
      const files = new MemoryFiles();
      files.segments.set(0, ['opened']);
      const acknowledged: string[] = [];
      const take =
        (name: string, judged: () => Promise<Lease>): Actor =>
        async (turn) => {
          const lease = await judged();
          const record = await takeLease(new SteppedFiles(files, turn), lease, name).catch(
            () => null,
          );
          for (const event of record ? [`${name} 1`, `${name} 2`] : []) {
            if (!(await files.append(record?.generation ?? 0, event, turn))) {
              return;
            }
            acknowledged.push(event);
          }
        };
      return {
        actors: [
          take('slow', async () => free),
          // Judges the claim of the slow one to be given up, whenever it comes.
          take('other', async () => ({ ...free, claimed: 1, claimedAt: 0 })),
        ],
        check: async (order) => {
          const trace = await files.readTrace();
          assert.deepStrictEqual(
            acknowledged.filter((event) => !trace.includes(event)),
            [],
            order,
          );
          const others = trace.findIndex((event) => event.startsWith('other'));
          assert.ok(!trace.slice(others).some((event) => event.startsWith('slow')), order);
          assert.deepStrictEqual(acknowledged.slice(-2), ['other 1', 'other 2'], order);
        },
      };
    });
    assert.ok(orders > 250, String(orders));
  });

  it('fences real files in every order of their reads and writes', async function () {
    this.timeout(120_000);
    const orders = await runInEveryOrder(async () => {
      const folder = join(await mkdtemp(join(temp(), 'order-')), 'session-1');
      const acknowledged: string[] = [];
      let lateTurn: Turn = async () => undefined;
      const opened = createOpened();
      const late = await TraceFile.create(folder, opened, {
        write: async (file, bytes) => {
          await lateTurn();
          // Half of a line may be there when another engine looks.
          await file.appendFile(bytes.subarray(0, 20));
          await lateTurn();
          await file.appendFile(bytes.subarray(20));
          await lateTurn();
        },
      });
      const append = async (trace: TraceFile, step: number, code: string): Promise<void> => {
        await trace.append(createStepStarted({ step, code }));
        acknowledged.push(code);
      };
      const write: Actor = async (turn) => {
        lateTurn = turn;
        try {
          await append(late, 1, 'late 1');
          await append(late, 1, 'late 2');
        } catch (thrown) {
          assert.ok(thrown instanceof LeaseLostError);
        }
        await late.close();
      };
      const take: Actor = async (turn) => {
        const files = new SteppedFiles(new LeaseFolder(folder), turn);
        const { generation } = await takeLease(files, free, 'engine-other');
        const trace = await TraceFile.goOn(folder, generation);
        await turn();
        await append(trace, 2, 'other');
        await trace.close();
      };
      return {
        actors: [write, take],
        check: async (order) => {
          const trace = await openTrace(folder);
          const { events, unreadable } = await readEventPage(trace, wholeTrace);
          await trace.close();
          const codes = events.map((event) =>
            event.kind === 'step.started' ? event.code : event.kind,
          );
          const expected = ['session.opened', 'late 1', 'late 2', 'other'];
          assert.deepStrictEqual(
            codes,
            expected.filter((code) => codes.includes(code)),
            order,
          );
          assert.equal(codes.at(-1), 'other', order);
          assert.deepStrictEqual(unreadable, [], order);
          assert.deepStrictEqual(
            acknowledged.filter((code) => !codes.includes(code)),
            [],
            order,
          );
        },
      };
    });
    assert.ok(orders > 50, String(orders));
  });

  it('is nobody’s any more once it was lost: nothing more of it counts, not even what was waiting', async () => {
    const folder = join(temp(), 'session-1');
    const late = await TraceFile.create(folder, createOpened());
    const judged = await readLease(new LeaseFolder(folder));
    await takeLease(new LeaseFolder(folder), judged, 'engine-other');
    const steps = [1, 2, 3].map((step) => late.append(createStepStarted({ step })));
    const settled = await Promise.allSettled(steps);
    assert.ok(settled.every((one) => one.status === 'rejected'));
    await assert.rejects(late.checkLease(), { code: 'SESSION_NOT_FOUND' });
    await assert.rejects(late.append(createStepStarted()), { code: 'SESSION_NOT_FOUND' });
    await assert.rejects(late.keepText('context-1', 'text'), { code: 'SESSION_NOT_FOUND' });
    await late.close();
    const trace = await openTrace(folder);
    assert.deepStrictEqual((await readEventPage(trace, wholeTrace)).events, [createOpened()]);
    await trace.close();
  });

  it('is not judged by an older one while its record cannot be looked at', async () => {
    const folder = join(temp(), 'session-1');
    await (await TraceFile.create(folder, createOpened())).close();
    await takeLease(new LeaseFolder(folder), await readLease(new LeaseFolder(folder)), 'engine-2');
    const files = new LeaseFolder(folder);
    files.readRecord = () => Promise.reject(toStoreError(new Error('EMFILE'), 'read the record'));
    await assert.rejects(readLease(files), { code: 'INTERNAL_ERROR' });
  });

  it('stays with its holder when taking it over fails', async () => {
    const folder = join(temp(), 'session-1');
    const held = await TraceFile.create(folder, createOpened());
    const files = new LeaseFolder(folder);
    files.writeRecord = () => Promise.reject(toStoreError(new Error('ENOSPC'), 'write the record'));
    await assert.rejects(takeLease(files, await readLease(files), 'engine-2'), {
      code: 'INTERNAL_ERROR',
    });
    await held.append(createStepStarted());
    await held.checkLease();
    await held.close();
  });

  it('outlives hostile records: what is not one is a claim of nobody', async () => {
    const folder = join(temp(), 'session-1');
    await (await TraceFile.create(folder, createOpened())).close();
    const texts = [
      '{"generation":1,"engine_id":"engine-evil","earlier":[{"generation":0,"bytes":1e300}]}',
      '{"generation":1,"engine_id":"../../evil","earlier":[]}',
      '{"generation":2,"engine_id":"engine-evil","earlier":[]}',
      '{"generation":1,"engine_id":"engine-evil","earlier":[{"generation":1,"bytes":5}]}',
      `${'['.repeat(400_000)}`,
      '\0'.repeat(2_000_000),
    ];
    const path = join(folder, 'lease-1.json');
    for (const text of texts) {
      await appendFile(path, text, { flag: 'w' });
      await utimes(path, new Date(0), new Date(0));
      const lease = await readLease(new LeaseFolder(folder));
      assert.deepStrictEqual(lease, { record: openerRecord, claimed: 1, claimedAt: 0 });
    }
  });

  async function openTrace(folder: string): Promise<TraceSegments> {
    const { record } = await readLease(new LeaseFolder(folder));
    const trace = await TraceSegments.open(folder, record);
    assert.ok(trace);
    return trace;
  }
});
