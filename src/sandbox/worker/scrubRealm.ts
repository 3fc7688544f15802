// The second wall of a sandbox: a worker's realm holds the language and nothing of Node, so that an
// engine that is broken out of finds no process, file, socket or timer to call.

const kept = new Set([
  ...['globalThis', 'undefined', 'NaN', 'Infinity', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent'],
  ...['Object', 'Function', 'Boolean', 'Symbol', 'Number', 'BigInt', 'Math', 'Date', 'String'],
  ...['RegExp', 'Array', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry'],
  ...['Iterator', 'Promise', 'Reflect', 'Proxy', 'JSON', 'Intl', 'Atomics', 'WebAssembly'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'],
  ...['TypeError', 'URIError', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Int8Array'],
  ...['Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
  ...['TextDecoder', 'TextEncoder'],
]);

/**
 * Deletes every global that is not of the language; `console` becomes mute and `performance` only
 * tells the time, because engines' glue code expects both. Call once, before any engine is loaded.
 * @throws Error when a global cannot be deleted.
 */
export function scrubRealm(): void {
  const now = performance.now.bind(performance);
  const ignore = (): void => undefined;
  const stuck = Reflect.ownKeys(globalThis).filter(
    (key) =>
      !(typeof key === 'string' && kept.has(key)) && !Reflect.deleteProperty(globalThis, key),
  );
  if (stuck.length > 0) {
    throw new Error(`The worker's realm keeps ${stuck.map(String).join(', ')}.`);
  }
  define('console', { log: ignore, info: ignore, debug: ignore, warn: ignore, error: ignore });
  define('performance', { now });
}

function define(name: string, value: object): void {
  Object.defineProperty(globalThis, name, { value: Object.freeze(value) });
}
