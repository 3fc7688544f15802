// The lease of a session: which engine may write its trace. Every taking over begins a new generation,
// which one engine alone can claim, and whose events go to a file of their own. A record of how far the
// files before it count fences the engines before it: what they still write is no part of the trace.
//
//   free ── claim ──> claimed ── record ──> held ── session.closed, or its engine gone ──> free
//                        │                    └──── nothing was written: released ───────> free
//                        └── its engine died before the record: abandoned ───────────────> free

import { heldElsewhere } from '../core/traceStore';

/** A claim without a record is older than this only where its engine died between the two. */
const claimMs = 10_000;

/** The part of a trace that one generation wrote. */
export interface Segment {
  readonly generation: number;
  /** Whole lines that count; what follows them in the file was written too late. */
  readonly bytes: number;
}

type LeaseHolder =
  /** Nobody has taken the session over: the engine that its first event names. */
  | { readonly kind: 'opener' }
  | { readonly kind: 'engine'; readonly engineId: string }
  /** Given back before anything was written. */
  | { readonly kind: 'nobody' };

export interface LeaseRecord {
  /** How often the session was taken over. */
  readonly generation: number;
  readonly holder: LeaseHolder;
  /** What counts of the generations before, oldest first. */
  readonly earlier: readonly Segment[];
}

export interface Lease {
  /** The newest; its segment is the end of the trace. */
  readonly record: LeaseRecord;
  /** The newest generation that an engine has claimed: the record's, or a later one without a record. */
  readonly claimed: number;
  /** Epoch ms of the claim that has no record; null: it has one. */
  readonly claimedAt: number | null;
}

export const openerRecord: LeaseRecord = {
  generation: 0,
  holder: { kind: 'opener' },
  earlier: [],
};

/** A session's files as a lease sees them. Each is one step that other engines may come between. */
export interface LeaseFiles {
  /** Generations that were claimed, newest first. */
  listClaims(): Promise<readonly number[]>;
  /** Undefined where it is missing or not whole. @throws RlmError where it could not be looked at. */
  readRecord(generation: number): Promise<LeaseRecord | undefined>;
  /** Epoch ms; undefined where there is no claim. */
  readClaimTime(generation: number): Promise<number | undefined>;
  /** False where another engine was first. */
  claim(generation: number): Promise<boolean>;
  /** The claim's owner alone calls it. */
  writeRecord(record: LeaseRecord): Promise<void>;
  /** Takes back a claim without a record. The claim's owner alone calls it. */
  withdraw(generation: number): Promise<void>;
  /** Bytes of the whole lines that a generation has written. */
  measureSegment(generation: number): Promise<number>;
}

export async function readLease(files: LeaseFiles): Promise<Lease> {
  const claims = await files.listClaims();
  const record = await readNewestRecord(files, claims);
  const claimed = claims[0] ?? 0;
  const claimedAt =
    claimed === record.generation ? null : ((await files.readClaimTime(claimed)) ?? null);
  return { record, claimed, claimedAt };
}

interface LeaseFacts {
  readonly now: number;
  /** Of the engine that asks. */
  readonly engineId: string;
  /** It has the session's trace open for writing. */
  readonly isWriting: boolean;
  /** Of the engine that opened the session. */
  readonly openerId: string;
  /** The holder's last event is its own `session.closed`. */
  readonly isClosed: boolean;
  readonly isHolderAlive: boolean;
}

export type LeaseVerdict = 'free' | 'held' | 'being_taken';

/** The engine that may write the trace; null: none. */
export function toHolderId({ holder }: LeaseRecord, openerId: string): string | null {
  switch (holder.kind) {
    case 'opener':
      return openerId;
    case 'engine':
      return holder.engineId;
    case 'nobody':
      return null;
  }
}

export function judgeLease(lease: Lease, facts: LeaseFacts): LeaseVerdict {
  if (lease.claimedAt !== null && Math.abs(facts.now - lease.claimedAt) < claimMs) {
    return 'being_taken';
  }
  const holderId = toHolderId(lease.record, facts.openerId);
  if (holderId === null) {
    return 'free';
  }
  if (holderId === facts.engineId) {
    return facts.isWriting ? 'held' : 'free';
  }
  return facts.isClosed || !facts.isHolderAlive ? 'free' : 'held';
}

/**
 * Takes over a session that was judged free. The claim comes before the look at what counts: an engine
 * that writes and then finds no later claim knows that its bytes count.
 * @throws RlmError 'INVALID_INPUT' when another engine was first.
 */
export async function takeLease(
  files: LeaseFiles,
  judged: Lease,
  engineId: string,
): Promise<LeaseRecord> {
  const generation = judged.claimed + 1;
  if (!(await files.claim(generation))) {
    throw heldElsewhere('has just taken');
  }
  const claimedAt = performance.now();
  try {
    const claims = (await files.listClaims()).filter((one) => one < generation);
    const before = await readNewestRecord(files, claims);
    const bytes = await files.measureSegment(before.generation);
    const last = { generation: before.generation, bytes };
    const record: LeaseRecord = {
      generation,
      holder: { kind: 'engine', engineId },
      earlier: [...before.earlier, ...(bytes > 0 ? [last] : [])],
    };
    await files.writeRecord(record);
    return record;
  } catch (thrown) {
    // Not once the claim may count as given up: a newer one could rest on it.
    if (performance.now() - claimedAt < claimMs / 2) {
      await files.withdraw(generation).catch(() => undefined); // it ends by itself
    }
    throw thrown;
  }
}

/** For an engine that could not go on with the trace and has written nothing to it. */
export async function releaseLease(files: LeaseFiles, record: LeaseRecord): Promise<void> {
  await files.writeRecord({ ...record, holder: { kind: 'nobody' } });
}

async function readNewestRecord(
  files: LeaseFiles,
  claims: readonly number[],
): Promise<LeaseRecord> {
  for (const generation of claims) {
    const record = await files.readRecord(generation);
    if (record) {
      return record;
    }
  }
  return openerRecord;
}
