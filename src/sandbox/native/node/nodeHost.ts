// What the guest on Node takes from the realm where a session's code runs, before any of that runs: nodeStart.guest.txt
// gives it. None of these functions looks up what the code can change.

export interface PromiseDetails extends ReadonlyArray<unknown> {
  /** 0 pending, 1 fulfilled, 2 rejected. */
  readonly 0: number;
}

type Check = (value: unknown) => boolean;
type TypeChecks = Readonly<
  Record<
    | 'isArgumentsObject'
    | 'isArrayBuffer'
    | 'isAsyncFunction'
    | 'isBigIntObject'
    | 'isBooleanObject'
    | 'isDataView'
    | 'isDate'
    | 'isGeneratorFunction'
    | 'isGeneratorObject'
    | 'isMap'
    | 'isMapIterator'
    | 'isModuleNamespaceObject'
    | 'isNativeError'
    | 'isNumberObject'
    | 'isPromise'
    | 'isProxy'
    | 'isRegExp'
    | 'isSet'
    | 'isSetIterator'
    | 'isSharedArrayBuffer'
    | 'isStringObject'
    | 'isSymbolObject'
    | 'isTypedArray'
    | 'isWeakMap'
    | 'isWeakSet',
    Check
  >
>;

/** What objects of that realm are made of. */
export interface RealmTypes {
  readonly types: TypeChecks;
  readonly typedName: (array: object) => string;
  readonly lengthOf: (list: object) => number;
  readonly namesBesideItems: (list: object) => (string | symbol)[];
  readonly isIterator: Check;
  /** Whether it may keep something in private fields, or as what is bound; not asked of proxies. */
  readonly holdsHidden: (object: object) => boolean;
  /** That, by name and value, one after the other; null where it cannot be read. */
  readonly readHidden: (object: object) => readonly unknown[] | null;
  readonly read: {
    /** Buffer, where it begins, how long it is; undefined: all of it. */
    readonly bytesOf: (view: object) => readonly [ArrayBuffer, number, number | undefined];
    readonly primitiveOf: (object: object) => unknown;
    /** Source, and flags by their bits in QuickJS. */
    readonly patternOf: (pattern: object) => readonly [string, number];
    readonly promiseOf: (promise: object) => PromiseDetails;
    readonly targetOf: (proxy: object) => unknown;
    readonly sizeOf: (collection: object) => number;
    /** Value first. */
    readonly each: (collection: object, take: (value: unknown, key: unknown) => void) => void;
  };
}

export interface CallbackEnd {
  /** False where an interrupt has ended it. */
  readonly isDone: boolean;
  readonly result: unknown;
}

export interface NodeHost {
  /** Where messages to the host are written. */
  readonly to: number;
  /** As in byteChannel.ts. */
  readonly control: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  readonly version: string;
  /** `eval` from outside all functions. */
  readonly evaluate: (code: string) => unknown;
  /** Runs a task that may be interrupted; false where it was. It must not throw. */
  readonly guard: (task: () => void) => boolean;
  /** Runs what waits in the queues of ticks and of promises. */
  readonly runTicks: () => void;
  /** Of those under way, once what one has thrown is caught: none of them comes to its end. */
  readonly forgetCallbacks: () => void;
  /** What Node calls in the place of that, when `tickInfo[0]` is 1. */
  readonly setTickCallback: (run: () => void) => void;
  readonly tickInfo: Uint8Array;
  /** In the next round of the event loop. */
  readonly later: (run: () => void) => void;
  readonly now: () => number;
  /** Those of Node's that code asks for most. */
  readonly loadModules: () => void;
  readonly on: (event: string, listener: (...values: readonly unknown[]) => void) => void;
  /** Called by the event loop with each of its callbacks, and whether the queues are to be run after it. */
  readonly guardCallbacks: (
    callBack: (run: () => unknown, runsTicks: boolean) => CallbackEnd,
  ) => void;
  /** While the event loop goes round; with the number of the step that is meant. */
  readonly onInterrupt: (listener: (step: unknown) => void) => void;
  readonly interruptSelf: () => void;
  /** Calls with each promise that is made. */
  readonly onPromise: (listener: (promise: object, parent: object | undefined) => void) => void;
  readonly handle: (promise: object, listener: () => void) => void;
  readonly write: (file: number, bytes: Uint8Array, start: number, size: number) => number;
  readonly encode: (target: Uint8Array, text: string, at: number) => number;
  readonly makeBuffer: (bytes: number) => ArrayBuffer;
  readonly sizeOf: (text: string) => number;
  readonly decode: (bytes: Uint8Array, start: number, end: number) => string;
  readonly decodeLatin1: (bytes: Uint8Array, start: number, end: number) => string;
  readonly isAscii: (bytes: Uint8Array) => boolean;
  readonly takeStream: (file: number, maxBytes: number) => { text: string; left: number };
  readonly realm: RealmTypes;
}
