// Names that a loaded text must not take: it would hide what code looks up by them, without a word.

import { type Language, languages } from '../core/sandbox';
import { createInvalidInput } from './invalidInput';
import { listReplGlobals } from '../core/replGlobals';

/** Words of either language, so that a trace can be read the same everywhere. */
const reservedWords = toNames(
  'False None True and as assert async await break case catch class const continue debugger def default ' +
    'del delete do elif else enum except export extends finally for from function global globalThis if ' +
    'import in instanceof is lambda let match new nonlocal not null or pass raise return static super ' +
    'switch this throw true false try type typeof undefined var void while with yield',
);

/** What each language offers by itself. Source: `dir(builtins)`, and the properties of `globalThis`. */
const builtins: Readonly<Record<Language, ReadonlySet<string>>> = {
  python: toNames(
    'ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError ' +
      'BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ' +
      'ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning ' +
      'EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError ' +
      'FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError ' +
      'InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ' +
      'ModuleNotFoundError NameError NotADirectoryError NotImplemented NotImplementedError OSError ' +
      'OverflowError PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError ' +
      'RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration ' +
      'StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError ' +
      'UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError ' +
      'UnicodeWarning UserWarning ValueError _IncompleteInputError Warning ZeroDivisionError abs aiter all anext any ascii bin ' +
      'bool breakpoint builtins bytearray bytes callable chr classmethod compile complex delattr dict dir ' +
      'divmod enumerate eval exec filter float format frozenset getattr globals hasattr hash help hex id ' +
      'input int isinstance issubclass iter len list locals map max memoryview min next object oct open ord ' +
      'pow property range repr reversed round set setattr slice sorted staticmethod str sum super tuple ' +
      'type vars zip',
  ),
  javascript: toNames(
    'AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DOMException DataView ' +
      'Date Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity ' +
      'Int16Array Int32Array Int8Array InternalError Intl Iterator JSON Map Math NaN Number Object Promise ' +
      'Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError ' +
      'Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet console decodeURI ' +
      'decodeURIComponent encodeURI encodeURIComponent escape eval isFinite isNaN parseFloat parseInt ' +
      'performance queueMicrotask unescape',
  ),
};
const offered = new Set(languages.flatMap((language) => Object.keys(listReplGlobals(language))));

/** `language`: of the session. @throws RlmError 'INVALID_INPUT' */
export function checkVariableName(name: string, language: Language): void {
  const why =
    name.startsWith('__') || offered.has(name)
      ? 'taken by the REPL'
      : reservedWords.has(name)
        ? 'a reserved word'
        : builtins[language].has(name)
          ? `what ${language === 'python' ? 'Python' : 'JavaScript'} calls something of its own`
          : null;
  if (why !== null) {
    throw createInvalidInput(
      `The name ${name} is ${why}.`,
      'Choose another name for the variable, or leave name out.',
    );
  }
}

function toNames(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}
