// The providers' clients read headers from the environment and would send them to any server.

/** Calls `create`, which must not wait for anything, while these variables are not set. */
export function withoutVariables<T>(names: readonly string[], create: () => T): T {
  const values = names.map((name) => [name, process.env[name]] as const);
  try {
    for (const name of names) {
      delete process.env[name];
    }
    return create();
  } finally {
    for (const [name, value] of values) {
      if (value !== undefined) {
        process.env[name] = value;
      }
    }
  }
}
