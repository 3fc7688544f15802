// The runner in the realm of the session's code: boots it, and calls its functions. JSON in, JSON out.

import { listReplGlobals } from '../../../core/replGlobals';
import { searchLimits } from '../../../core/searchLimits';
import type { processCalls } from '../../../protocol/worker';
import { joinGuestSources } from '../../worker/guestSources';
import declared from '../guest/declaredV8.guest.txt';
import regExp from '../guest/regExpV8.guest.txt';
import engine from '../guest/v8.guest.txt';
import type { NodeHost } from './nodeHost';
import { SeenNames } from './seenNames';
import type { ValueHashV8 } from './valueHashV8';

const source = joinGuestSources({ engine, regExp, declared, locales: [] });

/** A copy of `processCalls`, checked by its type: its module would bring zod into the guest. */
const calls: typeof processCalls = {
  sleep: 'sleep',
  give: 'context.give',
  grep: 'context.grep',
  count: 'context.count',
  search: 'context.search',
};

const help = {
  ...listReplGlobals('javascript'),
  require:
    "require('fs'), await import('node:zlib'): Node's own modules. No network; the system is only read.",
};

/** The code has Node's own functions for them. */
const noFiles = JSON.stringify({
  error: "on this backend files are read and written with require('fs')",
});

interface ReplParts {
  readonly host: NodeHost;
  readonly hashes: ValueHashV8;
  readonly askOutside: (frame: string) => string;
  readonly takeBytes: () => Uint8Array;
}

type RunnerFunction = (argument: unknown) => string | undefined;

export class NodeRepl {
  readonly #functions: Readonly<Record<string, RunnerFunction>>;

  constructor({ host, hashes, askOutside, takeBytes }: ReplParts) {
    const { promiseOf } = host.realm.read;
    const { isPromise } = host.realm.types;
    const names = new SeenNames();
    const given = {
      askOutside,
      takeBytes: () => toRealm(host, takeBytes()),
      identifyText: (text: unknown) => (typeof text === 'string' ? hashes.findLoaded(text) : -1),
      lookInside: (value: unknown) => hashes.look(value)?.fingerprint ?? -1,
      contentHash: (value: unknown) => {
        const look = hashes.look(value);
        const content = look?.content ?? null;
        return content === null ? undefined : content + (look?.isWhole === true ? 0 : 2 ** 32);
      },
      holdsRestless: (value: unknown) => (hashes.look(value)?.isRestless === true ? 1 : 0),
      countShown: () => -1, // the runner then asks the engine
      firstShown: () => undefined,
      countAll: (object: object) => Reflect.ownKeys(object).length,
      rememberNames: (object: object) => names.remember(object),
      changedNames: (object: object, limit: number) => names.changed(object, limit),
      promiseState: (value: unknown) =>
        isPromise(value) ? (promiseOf(value as object)[0] ?? -1) : -1, // checked
      promiseResult: (promise: object) => promiseOf(promise)[1],
      askTree: () => noFiles,
      takeTreeBytes: () => undefined,
      settings: JSON.stringify({
        calls,
        limits: searchLimits,
        help,
      }),
    };
    const parameters = ['lexicals', ...Object.keys(given)].join(', ');
    const main = host.evaluate(
      `((${parameters}) => { 'use strict'; ${source}\n})\n//# sourceURL=<repl>`,
    ) as (...values: readonly unknown[]) => Record<string, RunnerFunction>; // as repl.guest.txt ends
    const lexicals = host.evaluate('({ __proto__: null })');
    this.#functions = main(lexicals, ...Object.values(given));
  }

  /** Undefined when the call failed, or gave nothing. */
  ask<T>(name: string, parameters: unknown): T | undefined {
    return this.call<T>(name, JSON.stringify(parameters));
  }

  call<T>(name: string, argument: unknown): T | undefined {
    try {
      const text = this.#functions[name]?.(argument);
      return text === undefined ? undefined : (JSON.parse(text) as T); // the runner's own JSON
    } catch {
      return undefined;
    }
  }
}

/** A buffer of the realm of the code. */
function toRealm(host: NodeHost, bytes: Uint8Array): ArrayBuffer {
  const buffer = host.makeBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
