// What a Python guest's imports may do, less than emscripten's glue would give them: memory up to a
// cap, no network, and an error number where the glue throws what the interpreter cannot survive.
// docs/security.md lists every import.

type Import = (...args: readonly unknown[]) => unknown;
/** The glue passes one object for both of its namespaces. */
export type ImportSpaces = Record<string, Record<string, Import>>;

// WASI's error numbers, and getaddrinfo's own.
const eafnosupport = 5;
const eio = 29;
const eaiFail = -4;

/** Without a socket or a name, no other network import has anything to work with. */
const noNetwork: Readonly<Record<string, Import>> = {
  __syscall_socket: () => -eafnosupport,
  _emscripten_lookup_name: () => 0,
  getaddrinfo: () => eaiFail,
};

/** `mayGrow` says whether the heap may become that many bytes. */
export function guardImports(spaces: ImportSpaces, mayGrow: (bytes: number) => boolean): void {
  for (const space of new Set(Object.values(spaces))) {
    for (const [name, run] of Object.entries(space)) {
      space[name] = noNetwork[name] ?? survive(name, run);
    }
    const grow = space['emscripten_resize_heap'];
    if (!grow) {
      throw new Error('The interpreter does not ask before it grows.');
    }
    space['emscripten_resize_heap'] = (bytes) => (mayGrow(Number(bytes) >>> 0) ? grow(bytes) : 0);
  }
}

/** System calls answer with an error number, negative or (WASI's own) positive. */
function survive(name: string, run: Import): Import {
  const failure = name.startsWith('__syscall_') ? -eio : name.startsWith('fd_') ? eio : null;
  if (failure === null) {
    return run;
  }
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) {
        return failure;
      }
      throw error;
    }
  };
}
