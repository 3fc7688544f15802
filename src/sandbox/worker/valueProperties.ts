// Adds the properties of a guest's object to a hash: their names, and values that wait for their turn.

import { addWord } from './bulkHash';
import type { GuestAtoms } from './guestAtoms';
import * as layout from './guestLayout';
import { type HashWalk, seed } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import type { ValueLeaves } from './valueLeaves';
import type { ValueTexts } from './valueTexts';

const { isCallable, tags } = layout;
/** What goes in for a value that is not in memory. */
const marks = { accessor: 11, late: 13 };

interface ShapeNames {
  readonly hash: number;
  /** All are enumerable and have values. */
  readonly isPlain: boolean;
}

interface PropertyParts {
  readonly memory: MemoryViews;
  readonly walk: HashWalk;
  readonly texts: ValueTexts;
  readonly leaves: ValueLeaves;
  readonly atoms: GuestAtoms;
}

export class ValueProperties {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  readonly #texts: ValueTexts;
  readonly #leaves: ValueLeaves;
  readonly #atoms: GuestAtoms;
  /** Of one look. */
  readonly #shapes = new Map<number, ShapeNames>();
  #stackAtom = 0;

  constructor({ memory, walk, texts, leaves, atoms }: PropertyParts) {
    this.#memory = memory;
    this.#walk = walk;
    this.#texts = texts;
    this.#leaves = leaves;
    this.#atoms = atoms;
  }

  end(): void {
    this.#shapes.clear();
  }

  /** Those of an object; of one that can be called only what is enumerable. */
  addProperties(at: number, share: number, onlyShown: boolean): void {
    const { words } = this.#memory;
    const walk = this.#walk;
    const shape = (words[at + layout.object.shape] ?? 0) >>> 2;
    const count = words[shape + layout.shape.count] ?? 0;
    const values = (words[at + layout.object.properties] ?? 0) >>> 2;
    const names = this.#namesOf(shape, count);
    if (count === 0) {
      return;
    }
    if (!onlyShown && names.isPlain) {
      walk.mix(names.hash);
      this.addRun(values, count, share);
      return;
    }
    for (let number = 0; number < count; number += 1) {
      const entry = shape + layout.shape.properties + number * 2;
      const flags = words[entry] ?? 0;
      const atom = words[entry + 1] ?? 0;
      const at = values + number * 2;
      const isShown = (flags & layout.property.enumerable) !== 0;
      if (atom === 0 || (!isShown && (onlyShown || this.#isBuiltIn(at, flags, atom)))) {
        continue;
      }
      if (walk.room <= 0) {
        walk.isWhole = false;
        return;
      }
      walk.mix(this.#hashAtom(atom));
      this.#addProperty(at, flags >>> layout.property.kindShift);
    }
  }

  /** Values that lie one after another. */
  addRun(start: number, count: number, share: number): void {
    const { words } = this.#memory;
    const leaves = this.#leaves;
    this.#walk.mix(count);
    if (count <= share) {
      for (let at = start; at < start + count * 2; at += 2) {
        leaves.add(words[at] ?? 0, words[at + 1] ?? 0);
      }
      return;
    }
    this.#walk.isWhole = false;
    for (let item = 0; item < share; item += 1) {
      leaves.addAt(start + Math.floor((item * (count - 1)) / (share - 1)) * 2);
    }
  }

  /** Values of parameters, each where its name has it. */
  addReferences(object: number, share: number): void {
    const { words } = this.#memory;
    const isFast = ((words[object + layout.object.header] ?? 0) & layout.object.fastArray) !== 0;
    const count = isFast ? (words[object + layout.fastArray.count] ?? 0) : 0;
    const start = (words[object + layout.fastArray.values] ?? 0) >>> 2;
    this.#walk.mix(count);
    this.#walk.isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share); item += 1) {
      this.#addProperty(start + item, layout.property.reference);
    }
  }

  #addProperty(at: number, kind: number): void {
    const { words } = this.#memory;
    if (kind === layout.property.getSet) {
      this.#walk.mix(marks.accessor);
      this.#walk.identify(words[at] ?? 0);
      this.#walk.identify(words[at + 1] ?? 0);
    } else if (kind === layout.property.reference) {
      this.#leaves.addAt((words[((words[at] ?? 0) >>> 2) + layout.reference.value] ?? 0) >>> 2);
    } else if (kind === 0) {
      this.#leaves.addAt(at);
    } else {
      this.#walk.mix(marks.late);
    }
  }

  #namesOf(shape: number, count: number): ShapeNames {
    const known = this.#shapes.get(shape);
    if (known) {
      return known;
    }
    const { words } = this.#memory;
    let hash = count;
    let isPlain = true;
    const first = shape + layout.shape.properties;
    for (let at = first; at < first + count * 2; at += 2) {
      const flags = words[at] ?? 0;
      const atom = words[at + 1] ?? 0;
      const isKept = (flags & (layout.property.enumerable | layout.property.length)) !== 0;
      isPlain &&= atom !== 0 && isKept && flags >>> layout.property.kindShift === 0;
      hash = addWord(hash, atom === 0 ? 0 : this.#hashAtom(atom));
    }
    const names = { hash, isPlain };
    this.#shapes.set(shape, names);
    return names;
  }

  #hashAtom(atom: number): number {
    return atom < 0 ? addWord(seed, atom) : this.#texts.hashText(this.#atoms.stringOf(atom));
  }

  /** Methods and stacks: the engine makes them when they are first asked for, or by its own rules. */
  #isBuiltIn(value: number, flags: number, atom: number): boolean {
    const { words } = this.#memory;
    const { getSet, kindShift, reference } = layout.property;
    const kind = flags >>> kindShift;
    if (kind === getSet || kind === reference) {
      return false;
    }
    const payload = (words[value] ?? 0) >>> 2;
    const header = words[payload + layout.object.header] ?? 0;
    const isMethod = words[value + 1] === tags.object && isCallable(header >>> 16);
    return kind !== 0 || isMethod || this.#isStack(atom);
  }

  /** Where an error was made is told by its line, and differs with the runner's own frames. */
  #isStack(atom: number): boolean {
    if (atom < 0) {
      return false;
    }
    if (this.#stackAtom === 0) {
      const { words, bytes } = this.#memory;
      const at = this.#atoms.stringOf(atom);
      const isStack =
        this.#atoms.isText(atom) &&
        words[at + layout.string.size] === 5 &&
        words[at + layout.string.characters] === 0x63617473 &&
        bytes[(at + layout.string.characters) * 4 + 4] === 0x6b;
      this.#stackAtom = isStack ? atom : 0;
    }
    return atom === this.#stackAtom;
  }
}
