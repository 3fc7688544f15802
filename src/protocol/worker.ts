// The words spoken between the sandbox process and one worker thread, the same for every language.
// To the worker: structured-clone objects over a MessagePort, followed by one count on
// `control[controlWord.sequence]` and a notify. From the worker: JSON strings only, untrusted.

import type { MessagePort } from 'node:worker_threads';
import * as z from 'zod';
import { type ContextShape, outputFields } from '../core/sandbox';
import { type FileOperation, fileKinds, fileRefusals } from '../core/sandboxFiles';
import { searchLimits } from '../core/searchLimits';
import type { TreeLink } from './shell';

/** Words of the shared Int32Array `control`. */
export const controlWord = {
  /** Counts messages to the worker; the worker sleeps on it. */
  sequence: 0,
} as const;
export const controlBytes = 16;

/**
 * Longest message from a worker, in characters: parsing one takes the sandbox process and the engine
 * 15 ms each. Source: measured.
 */
export const maxFrameChars = 10_000_000;

/** Value of byte 0 of the shared `interrupt` array that asks running code to stop (SIGINT's number). */
export const interruptByte = 2;

/** Every worker gets this as workerData; `assets` is the language's own part. */
export interface WorkerInit<Assets> {
  readonly port: MessagePort;
  readonly control: Int32Array;
  readonly interrupt: Uint8Array;
  /** Cap of the engine's memory before a context is loaded; 'load' sets the session's own. */
  readonly maxMemoryBytes: number;
  readonly maxFrameChars: number;
  readonly assets: Assets;
}

export interface LoadMessage {
  readonly kind: 'load';
  readonly id: string;
  readonly variable: string;
  /** Number of this context within its sandbox, from 0; search calls name it. */
  readonly contextIndex: number;
  readonly shape: ContextShape;
  /** What the code may use on top of the context, once it is loaded. */
  readonly maxMemoryBytes: number;
  /** UTF-8 text of all sources, one after the other, on a SharedArrayBuffer. Never written to. */
  readonly bytes: Uint8Array;
  readonly sources: readonly { readonly path: string; readonly byteLength: number }[];
}

export interface RunMessage {
  readonly kind: 'run';
  /** Nonce: the answer and every call made by this step carry it. */
  readonly id: string;
  readonly step: number;
  readonly code: string;
  readonly maxOutputChars: number;
}

export interface ReadMessage {
  readonly kind: 'read';
  readonly id: string;
  readonly name: string;
  readonly offset: number;
  readonly maxChars: number;
}

/** One operation on files, or a command of the shell: beside the code, never while it runs. */
export interface FilesMessage {
  readonly kind: 'files';
  readonly id: string;
  readonly operation: FileOperation;
  /** Of a command, where a thread beside the worker is the shell: its way to the files, which are here. */
  readonly files?: TreeLink;
}

/** Answers a call the code is waiting in. */
export type ReplyMessage =
  | {
      readonly kind: 'reply';
      readonly call: number;
      readonly value: unknown;
      /** What is too much for JSON. Guests find it in `value`, an object then, as its `bytes`. */
      readonly bytes?: Uint8Array;
    }
  | {
      readonly kind: 'reply';
      readonly call: number;
      readonly error: { readonly code: string; readonly message: string };
    }
  | { readonly kind: 'reply'; readonly call: number; readonly interrupted: true };

export type ToWorker = LoadMessage | RunMessage | ReadMessage | FilesMessage | ReplyMessage;

const text = z.string();
const count = z.number().int().nonnegative();

const guestError = z.object({
  type: text.max(200),
  message: text.max(20_000),
  line: count.nullable(),
  traceback: text.max(20_000),
});

/** What the guest says of a step. The host adds what only it can know (interruption, lost state). */
export const guestOutcomeSchema = z.object({
  stdout: text,
  stderr: text,
  dropped: z.object({ stdout: count, stderr: count, result: count }),
  abridged: z.array(z.enum(outputFields)).max(outputFields.length),
  result: text.nullable(),
  error: guestError.nullable(),
  variables: z.array(text.max(500)).max(10_000),
  changes: z
    .array(
      z.object({
        change: z.enum(['added', 'changed', 'removed']),
        name: text.max(500),
        type: text.max(200),
        size: count.nullable(),
        preview: text.max(400),
        hash: text.max(20).nullable(),
      }),
    )
    .max(1_000),
  finalAnswer: text.nullable(),
  durationMs: z.number().nonnegative(),
});
export type GuestOutcome = z.infer<typeof guestOutcomeSchema>;

/** A piece of a file in base64, or the output of a command, and some. */
const maxContentChars = 2 ** 21;

const fileAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('list'),
    path: text.max(10_000),
    entries: z
      .array(
        z.object({
          path: text.max(10_000),
          kind: z.enum(fileKinds),
          bytes: count,
          modifiedAt: z.int(),
          named: z.boolean(),
        }),
      )
      .max(1_000),
    total: count,
  }),
  z.object({
    kind: z.literal('read'),
    path: text.max(10_000),
    content: z.base64().max(maxContentChars),
    totalBytes: count,
    version: text.max(200),
  }),
  z.object({ kind: z.literal('write'), path: text.max(10_000), replaced: z.boolean() }),
  z.object({
    kind: z.literal('shell'),
    stdout: text.max(maxContentChars),
    stderr: text.max(maxContentChars),
    droppedBytes: z.object({ stdout: count, stderr: count }),
    replaced: z.object({ stdout: z.boolean(), stderr: z.boolean() }),
    exitCode: z.int(),
    endedBy: text.max(500).nullable(),
  }),
  z.object({
    kind: z.literal('refused'),
    reason: z.enum(fileRefusals),
    message: text.max(2_000),
  }),
]);

export const fromWorkerSchema = z.discriminatedUnion('kind', [
  /** The worker waits for messages. `detail`: engine and version. */
  z.object({ kind: z.literal('ready'), detail: text.max(200) }),
  /** Code is blocked until the reply. `id` is the running step's, `call` counts from 0 within it. */
  z.object({
    kind: z.literal('call'),
    id: text.max(100),
    call: count,
    name: text.max(100),
    args: z.array(z.unknown()).max(20),
  }),
  z.object({
    kind: z.literal('loaded'),
    id: text.max(100),
    /** Null when the context did not fit into memory; the old variables are kept then. */
    sizes: z
      .object({
        totalChars: count,
        totalLines: count,
        /** Chars of the first 50 sources. */
        sourceChars: z.array(count).max(50),
        preview: text.max(1_000),
      })
      .nullable(),
  }),
  z.object({ kind: z.literal('ran'), id: text.max(100), outcome: guestOutcomeSchema }),
  z.object({
    kind: z.literal('value'),
    id: text.max(100),
    /** Null when there is no such variable. */
    value: z
      .object({
        type: text.max(200),
        text,
        form: z.enum(['text', 'json', 'repr']),
        totalChars: count,
        /** Why the text is not the whole value's, or null. */
        incomplete: text.max(500).nullable(),
      })
      .nullable(),
  }),
  z.object({ kind: z.literal('filed'), id: text.max(100), answer: fileAnswerSchema }),
  /** The engine broke (trap, exit); the worker ends. */
  z.object({ kind: z.literal('broken'), message: text.max(2_000) }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;

/** Calls the sandbox process answers itself; all others go to the engine. */
export const processCalls = {
  /** args: [milliseconds]; answers null after that time. */
  sleep: 'sleep',
  /** args: [GivenTexts]; answers null. What the next search looks through is sent so, piece by piece. */
  give: 'context.give',
  /** args: [GrepArgs]; answers FoundPlaces, and PlaceColumns as bytes. */
  grep: 'context.grep',
  /** args: [CountArgs]; answers FoundCounts. */
  count: 'context.count',
  /** args: [SearchArgs]; answers as grep does. */
  search: 'context.search',
} as const;

/** How offsets count: UTF-16 units for JavaScript, code points for Python. */
export const offsetUnitSchema = z.enum(['utf16', 'codepoint']);

export const givenTextsSchema = z.object({
  /** The first message of a search: what was given before it, and not looked through, is dropped. */
  starts: z.boolean(),
  /** The first one goes on where the last piece ended; otherwise each is a text of its own. */
  continues: z.boolean(),
  texts: z.array(text).max(10_000),
});
export type GivenTexts = z.infer<typeof givenTextsSchema>;

const searchedSchema = z.object({
  /** Null: the texts that were given for this search. */
  contextIndex: count.nullable(),
  /** Index of one source, or null for all. */
  source: count.nullable(),
  unit: offsetUnitSchema,
});

const patternSchema = searchedSchema.extend({
  /** A JavaScript regular expression's source and flags (of d, g, i, m, s, u, v, y). */
  pattern: text.max(2 * searchLimits.maxPatternChars),
  flags: text.max(8),
});

export const grepArgsSchema = patternSchema.extend({
  /** Null: all, as far as they fit into the session's memory. */
  maxMatches: count.nullable(),
});
export type GrepArgs = z.infer<typeof grepArgsSchema>;

export const countArgsSchema = patternSchema.extend({
  /** A group by number (0: the match itself) or name, whose texts are told apart; null: none. */
  group: z.union([count, text.max(200)]).nullable(),
});
export type CountArgs = z.infer<typeof countArgsSchema>;

export const searchArgsSchema = searchedSchema.extend({
  query: text.max(searchLimits.maxQueryChars),
  maxHits: count.max(searchLimits.maxHits),
  /** A hit's text is whole lines packed up to about this many characters. */
  windowChars: count.min(searchLimits.minWindowChars).max(searchLimits.maxWindowChars),
});
export type SearchArgs = z.infer<typeof searchArgsSchema>;

/** What a search found, beside its columns. */
export interface FoundPlaces {
  readonly count: number;
  /** There was more than asked for. */
  readonly truncated: boolean;
  /** How many there are in all; null where they were not counted. */
  readonly total: number | null;
  /** Only of search, one a place. */
  readonly scores: readonly number[];
  /** Only of search, one a place: where what was looked for stands close together. */
  readonly marks: readonly (readonly [start: number, end: number])[];
  /** What the code's author is told. */
  readonly note: string | null;
}

/** Matches by source, in the order of the sources. */
export interface FoundCounts {
  readonly counts: readonly number[];
  /** Texts that the asked group caught, and how often; most frequent first. */
  readonly values: readonly (readonly [string, number])[];
}

/**
 * Places in a context as `count` numbers for each of these in turn: the source's index, where the place
 * begins and ends in its text, its line from 1. A hundred thousand places cross three threads and two
 * languages so; their texts are cut out where they are read.
 */
export type PlaceColumns = Uint32Array;
