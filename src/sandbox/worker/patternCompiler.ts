// How the engine compiles the patterns of literals (regExp.guest.txt makes literals of others). Those that it would
// misread are given to it as others that mean the same; the RegExp still tells what the code wrote, and its flags.

import type { QuickJSFFI } from '@jitl/quickjs-ng-wasmfile-release-sync/ffi';
import { addFunction, readFunction } from './engineHooks';
import type { FlatStrings } from './flatStrings';
import { context, regExp, string } from './guestLayout';
import { respellCaseless } from './patternText';
import { toUnicodePattern } from './unicodeSets';

interface Engine {
  readonly ffi: QuickJSFFI;
  readonly memory: WebAssembly.Memory;
  readonly strings: FlatStrings;
  readonly context: ReturnType<QuickJSFFI['QTS_NewContext']>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly malloc: (bytes: number) => number;
  /** The text up to its first NUL. */
  readonly readText: (value: Value) => string | undefined;
  readonly createText: (text: string) => Value;
  /** A SyntaxError. */
  readonly createError: (message: string) => Value;
}

type Value = ReturnType<QuickJSFFI['QTS_NewString']>;
type Compile = (context: number, pattern: bigint, flags: bigint) => bigint;

const maxFlagChars = 20;
const maxPatternChars = 40_000;

export class PatternCompiler {
  readonly #engine: Engine;
  readonly #compile: Compile;
  readonly #scratch: Value;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#scratch = engine.malloc(8) as Value; // where a value is held
    const words = new Int32Array(engine.memory.buffer, engine.context, context.words);
    this.#compile = readFunction<Compile>(engine.exports, words[context.compileRegExp] ?? 0, 3);
    words[context.compileRegExp] = addFunction(
      engine.exports,
      ['i32', 'i64', 'i64'],
      this.#compileAny,
      'i64',
    );
  }

  readonly #compileAny = (at: number, pattern: bigint, flags: bigint): bigint => {
    const given = this.#engine.strings.read(this.#put(flags), maxFlagChars) ?? '';
    const isSets = given.includes('v') && !given.includes('u');
    if (!isSets && !(given.includes('u') && given.includes('i'))) {
      return this.#compile(at, pattern, flags);
    }
    const held = this.#put(pattern);
    const { strings, readText } = this.#engine;
    const source = strings.read(held, maxPatternChars) ?? readText(held);
    if (!isSets && (source === undefined || !/\\[pPW]/u.test(source))) {
      return this.#compile(at, pattern, flags);
    }
    if (source === undefined || source.includes('\0')) {
      return this.#fail('the pattern is too long, or holds the character \\0: write \\u0000');
    }
    if (!isSets) {
      return this.#compileTexts(at, respellCaseless(source), given);
    }
    let translated: string;
    try {
      translated = toUnicodePattern(source, given);
    } catch (error) {
      return this.#fail(error instanceof SyntaxError ? error.message : 'it cannot be read');
    }
    const compiled = this.#compileTexts(at, translated, given.replace('v', 'u'));
    this.#markSets(compiled);
    return compiled;
  };

  #compileTexts(at: number, pattern: string, flags: string): bigint {
    const { ffi, createText } = this.#engine;
    const values = [createText(pattern), createText(flags)] as const;
    const compiled = this.#compile(at, this.#take(values[0]), this.#take(values[1]));
    values.forEach((value) => {
      ffi.QTS_FreeValuePointer(this.#engine.context, value);
    });
    return compiled;
  }

  /** The bytecode is a string, kept apart, which begins with the flags. */
  #markSets(compiled: bigint): void {
    const address = this.#engine.strings.addressOf(this.#put(compiled));
    if (address === 0) {
      return; // it has failed
    }
    const words = new Uint32Array(this.#engine.memory.buffer, address, string.characters + 1);
    const isApart = (words[string.flags] ?? 0) >>> 28 === string.isApart;
    const flags = new Uint16Array(this.#engine.memory.buffer, words[string.characters] ?? 0, 1);
    if (!isApart || ((flags[0] ?? 0) & regExp.unicode) === 0) {
      throw new Error('The engine lays out patterns in another way than expected.');
    }
    flags[0] = (flags[0] ?? 0) | regExp.unicodeSets;
  }

  #fail(message: string): bigint {
    const { ffi } = this.#engine;
    const thrown = ffi.QTS_Throw(this.#engine.context, this.#engine.createError(message));
    const exception = this.#take(thrown);
    ffi.QTS_FreeValuePointer(this.#engine.context, thrown);
    return exception;
  }

  #put(value: bigint): Value {
    new BigInt64Array(this.#engine.memory.buffer, this.#scratch, 1)[0] = value;
    return this.#scratch;
  }

  #take(value: Value): bigint {
    return new BigInt64Array(this.#engine.memory.buffer, value, 1)[0] ?? 0n;
  }
}
