// The runner inside the guest: boots its code and calls its functions. JSON in, JSON out.

import { listReplGlobals } from '../../core/replGlobals';
import { searchLimits } from '../../core/searchLimits';
import type { processCalls } from '../../protocol/worker';
import declared from './guest/declared.guest.txt';
import intl from './guest/intl.guest.txt';
import locales from './guest/locales.guest.txt';
import quickJs from './guest/quickJs.guest.txt';
import regExp from './guest/regExp.guest.txt';
import { joinGuestSources } from './guestSources';
import { LocaleAnswers } from './localeAnswers';
import type { Completion, QuickJs, Value } from './quickJs';

export interface ReplHost {
  /** Answers a call of the code, `{ name, args }`, with its reply; both JSON. */
  askOutside(frame: string): string;
  /** The bytes that belong to the last reply, once. */
  takeBytes(): Uint8Array;
  /** Answers a call about files; both JSON, with bytes that are written beside it. */
  askFiles(call: string, content: Uint8Array | null): string;
  /** The bytes that belong to the last answer about files, once. */
  takeFileBytes(): Uint8Array;
  /** The number of the loaded text at this address, or −1. */
  findText(address: number): number;
}

const help = listReplGlobals('javascript');

/** A copy of `processCalls`, checked by its type: its module would bring zod into workers. */
const calls: typeof processCalls = {
  sleep: 'sleep',
  give: 'context.give',
  grep: 'context.grep',
  count: 'context.count',
  search: 'context.search',
};

const source = joinGuestSources({ engine: quickJs, regExp, declared, locales: [locales, intl] });

const functionNames = [
  ...([
    'begin',
    'endStatements',
    'restore',
    'takeOutput',
    'showResult',
    'describeError',
    'compare',
    'read',
  ] as const),
  ...(['addText', 'abandonContext', 'commitContext'] as const),
];
type FunctionName = (typeof functionNames)[number];

/** Longer strings are compared by way of JSON. */
const maxQuickChars = 4_096;
const spareBytes = 65_536;

export class GuestRepl {
  readonly #engine: QuickJs;
  readonly #functions: ReadonlyMap<FunctionName, Value>;

  constructor(engine: QuickJs, host: ReplHost) {
    this.#engine = engine;
    const parameters =
      'askOutside, takeBytes, identifyText, lookInside, contentHash, holdsRestless, countShown, firstShown, countAll, rememberNames, changedNames, unlockNames, lexicals, promiseState, promiseResult, settings, askIntl, compareTexts, askTree, takeTreeBytes';
    const code = `(function (${parameters}) { 'use strict'; ${source}\n})`;
    const main = this.#require(engine.evaluate(code, '<repl>'));
    const offered = this.#require(engine.call(main, ...createArguments(engine, host)));
    this.#functions = new Map(
      functionNames.map((name) => [name, engine.getProperty(offered, name)]),
    );
  }

  /** Undefined when the call failed, gave nothing, or its answer does not fit into memory. */
  ask<T>(name: FunctionName, parameters: unknown): T | undefined {
    return this.readJson<T>(this.call(name, this.#engine.createString(JSON.stringify(parameters))));
  }

  /** Lets go of `argument`. */
  call(name: FunctionName, argument: Value): Completion {
    const callee = this.#functions.get(name);
    if (callee === undefined) {
      throw new Error(`The guest has no ${name}.`);
    }
    const completion = this.#engine.call(callee, argument);
    this.#engine.free(argument);
    return completion;
  }

  /** As `ask`, for a call already made. */
  readJson<T>(completion: Completion): T | undefined {
    if (!completion.ok) {
      this.#engine.free(completion.error);
      return undefined;
    }
    const text = this.#engine.readString(completion.value);
    this.#engine.free(completion.value);
    return text === undefined || text === 'undefined' ? undefined : (JSON.parse(text) as T); // the runner's own JSON
  }

  #require(completion: Completion): Value {
    if (!completion.ok) {
      const stack = this.#engine.getProperty(completion.error, 'stack');
      const details = [completion.error, stack].map((value) => this.#engine.readString(value));
      throw new Error(`The guest does not start: ${details.join(' ')}`);
    }
    return completion.value;
  }
}

function createArguments(engine: QuickJs, host: ReplHost): Value[] {
  const states = { pending: 0, fulfilled: 1, rejected: 2, 'not-a-promise': -1 } as const;
  return [
    engine.createFunction('askOutside', (frame) => {
      const text = engine.readString(frame);
      return text === undefined ? undefined : engine.createString(host.askOutside(text));
    }),
    engine.createFunction('takeBytes', () => engine.createArrayBuffer(host.takeBytes())),
    engine.createFunction('identifyText', (text) =>
      engine.createNumber(host.findText(engine.strings.addressOf(text))),
    ),
    engine.createFunction('lookInside', (value) =>
      engine.createNumber(engine.hashes.look(value)?.fingerprint ?? -1),
    ),
    engine.createFunction('contentHash', (value) => {
      const look = engine.hashes.look(value);
      const content = look?.content ?? null;
      return content === null
        ? undefined
        : engine.createNumber(content + (look?.isWhole === true ? 0 : 2 ** 32));
    }),
    engine.createFunction('holdsRestless', (value) =>
      engine.createNumber(engine.hashes.look(value)?.isRestless === true ? 1 : 0),
    ),
    engine.createFunction('countShown', (object) =>
      engine.createNumber(engine.names.count(object)),
    ),
    engine.createFunction('firstShown', (object, limit) =>
      createText(engine, engine.names.first(object, engine.readNumber(limit))),
    ),
    engine.createFunction('countAll', (object) =>
      engine.createNumber(engine.names.countAll(object)),
    ),
    engine.createFunction('rememberNames', (object) => {
      engine.names.remember(object);
      return undefined;
    }),
    engine.createFunction('changedNames', (object, limit) =>
      createText(engine, engine.names.changed(object, engine.readNumber(limit))),
    ),
    engine.createFunction('unlockNames', (object) => {
      engine.names.unlock(object);
      return undefined;
    }),
    engine.getLexicals(),
    engine.createFunction('promiseState', (promise) =>
      engine.createNumber(states[engine.promiseState(promise)]),
    ),
    engine.createFunction('promiseResult', (promise) => engine.promiseResult(promise)),
    engine.createString(JSON.stringify({ calls, limits: searchLimits, help })),
    ...createLocaleFunctions(engine),
    ...createFileFunctions(engine, host),
  ];
}

function createFileFunctions(engine: QuickJs, host: ReplHost): Value[] {
  return [
    engine.createFunction('askTree', (call, content, hasContent) => {
      const text = engine.readString(call);
      const bytes = engine.readNumber(hasContent) === 1 ? engine.readArrayBuffer(content) : null;
      return createText(engine, text === undefined ? undefined : host.askFiles(text, bytes));
    }),
    engine.createFunction('takeTreeBytes', () => engine.createArrayBuffer(host.takeFileBytes())),
  ];
}

/** Undefined where there is no text, or no memory for it. */
function createText(engine: QuickJs, text: string | undefined): Value | undefined {
  const hasRoom = text !== undefined && engine.hasRoom(text.length * 4 + spareBytes);
  return hasRoom ? engine.createString(text) : undefined;
}

function createLocaleFunctions(engine: QuickJs): Value[] {
  const answers = new LocaleAnswers();
  return [
    engine.createFunction('askIntl', (request) => {
      const text = engine.readString(request);
      return createText(engine, text === undefined ? undefined : answers.answer(text));
    }),
    engine.createFunction('compareTexts', (collator, left, right) => {
      const one = engine.strings.read(left, maxQuickChars);
      const other = engine.strings.read(right, maxQuickChars);
      if (one === undefined || other === undefined) {
        return undefined;
      }
      const order = answers.compare(engine.readNumber(collator), one, other);
      return order === undefined ? undefined : engine.createNumber(order);
    }),
  ];
}
