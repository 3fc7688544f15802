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
 * tells the time, because engines' glue code expects both; dates are in UTC. Call once, before any engine is loaded. `alsoKept`: globals without a way to the machine.
 * @throws Error when a global cannot be deleted.
 */
export function scrubRealm(alsoKept: readonly string[] = []): void {
  const now = performance.now.bind(performance);
  const ignore = (): void => undefined;
  const stuck = Reflect.ownKeys(globalThis).filter(
    (key) =>
      !(typeof key === 'string' && (kept.has(key) || alsoKept.includes(key))) &&
      !Reflect.deleteProperty(globalThis, key),
  );
  if (stuck.length > 0) {
    throw new Error(`The worker's realm keeps ${stuck.map(String).join(', ')}.`);
  }
  define('console', { log: ignore, info: ignore, debug: ignore, warn: ignore, error: ignore });
  define('performance', { now });
  forgetTimeZone();
}

/** The engines' glue asks the realm for the machine's time zone. It is UTC, so that code gives the same on each. */
function forgetTimeZone(): void {
  const LocalDate = Date;
  const { prototype } = LocalDate;
  Reflect.set(prototype, 'getDay', Reflect.get(prototype, 'getUTCDay'));
  for (const part of dateParts) {
    Reflect.set(prototype, `get${part}`, Reflect.get(prototype, `getUTC${part}`));
    Reflect.set(prototype, `set${part}`, Reflect.get(prototype, `setUTC${part}`));
  }
  prototype.getTimezoneOffset = () => 0;
  globalThis.Date = new Proxy(LocalDate, {
    construct: (_, values: [number, number], newTarget) =>
      Reflect.construct(
        LocalDate,
        values.length > 1 ? [LocalDate.UTC(...values)] : values,
        newTarget,
      ) as Date,
  });
  prototype.constructor = globalThis.Date;
}

const dateParts = ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'];

function define(name: string, value: object): void {
  Object.defineProperty(globalThis, name, { value: Object.freeze(value) });
}
