// Adds a Python set to a hash. It has no order that holds everywhere: what is the same in any order goes in.

import { addWord, finish } from './bulkHash';
import { type HashWalk, seed } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';
import type { PythonLeaves } from './pythonLeaves';
import type { PythonTypes } from './pythonTypes';

const maxDepth = 20;
const memberMark = 0x5b080000;

interface SetParts {
  readonly memory: MemoryViews;
  readonly walk: HashWalk;
  readonly types: PythonTypes;
  readonly leaves: PythonLeaves;
}

export class PythonSets {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  readonly #types: PythonTypes;
  readonly #leaves: PythonLeaves;

  constructor({ memory, walk, types, leaves }: SetParts) {
    this.#memory = memory;
    this.#walk = walk;
    this.#types = types;
    this.#leaves = leaves;
  }

  /** Of its members at most `share`. */
  addSet(at: number, share: number): void {
    const memory = this.#memory;
    const walk = this.#walk;
    const used = memory.word(at + layout.set.used);
    const table = memory.target(at + layout.set.table);
    const all = memory.word(at + layout.set.mask) + 1;
    const places = Math.min(all, (memory.words.length - table) >>> 1);
    const most = Math.min(used, share);
    walk.isWhole &&= used <= share;
    const before = walk.hash;
    let [sum, mixed, seen] = [0, 0, 0];
    for (let place = 0; place < places && seen < most && walk.isKnown; place += 1) {
      const member = memory.target(table + place * 2);
      if (member === 0 || memory.word(table + place * 2 + 1) === -1) {
        continue; // empty, or taken out
      }
      seen += 1;
      const hash = this.#hashMember(member, 0);
      sum = (sum + hash) | 0;
      mixed ^= addWord(hash, memberMark);
    }
    walk.room -= places >>> 4;
    walk.hash = before;
    [used, sum, mixed].forEach((word) => walk.mix(word));
  }

  /** Of a value that can be a member of a set and holds nothing but such. */
  #hashMember(at: number, depth: number): number {
    const walk = this.#walk;
    const { kind, leaf, name } = this.#types.typeOf(at);
    walk.room -= 1;
    walk.hash = addWord(seed, name);
    if (leaf !== null) {
      this.#leaves.add(at, leaf);
    } else if (kind === 'tuple' && depth < maxDepth && walk.room > 0) {
      const length = this.#memory.word(at + layout.tuple.length);
      const items = at + layout.tuple.items;
      let hash = addWord(seed, length);
      for (let item = 0; item < length && walk.isKnown; item += 1) {
        walk.isKnown = walk.room > 0;
        hash = addWord(hash, this.#hashMember(this.#memory.target(items + item), depth + 1));
      }
      walk.hash = addWord(hash, name);
    } else {
      walk.isKnown = false;
    }
    return finish(walk.hash);
  }
}
