// No code is made of text in a realm that has only finished code to run: a way into its objects finds nothing that compiles.

/** Call once, after the last module is loaded. */
export function lockEvaluators(): void {
  const refuse = (): never => {
    throw new Error('Code is not made of text here.');
  };
  const samples: readonly object[] = [
    () => undefined,
    async () => undefined,
    function* () {
      yield 0;
    },
    async function* () {
      yield Promise.resolve(0);
    },
  ];
  for (const sample of samples) {
    const prototype: unknown = Object.getPrototypeOf(sample);
    Object.defineProperty(prototype, 'constructor', { value: refuse });
  }
  for (const name of ['Function', 'eval', 'WebAssembly']) {
    Reflect.deleteProperty(globalThis, name);
  }
}
