// Which properties of globalThis are new or hold something else than what was remembered.

interface Seen {
  readonly value: unknown;
  readonly get: unknown;
  readonly set: unknown;
}

/** Longer ones are of no interest, and are cut. */
const maxNameChars = 501;

export class SeenNames {
  readonly #seen = new Map<string, Seen>();

  remember(object: object): void {
    this.#seen.clear();
    for (const name of textNames(object)) {
      this.#seen.set(name, read(object, name));
    }
  }

  /** At most `limit` names, as JSON. */
  changed(object: object, limit: number): string {
    const names: string[] = [];
    for (const name of textNames(object)) {
      const before = this.#seen.get(name);
      const now = read(object, name);
      const isSame =
        before !== undefined &&
        Object.is(before.value, now.value) &&
        before.get === now.get &&
        before.set === now.set;
      if (!isSame) {
        names.push(name.slice(0, maxNameChars));
        if (names.length === limit) {
          break;
        }
      }
    }
    return JSON.stringify(names);
  }
}

function textNames(object: object): string[] {
  return Reflect.ownKeys(object).filter((key) => typeof key === 'string');
}

function read(object: object, name: string): Seen {
  const found: Partial<Seen> = Object.getOwnPropertyDescriptor(object, name) ?? {};
  return { value: found.value, get: found.get, set: found.set };
}
