// Names for files of a sandbox that are saved on this machine together, in one folder.

import { toFileName } from './fileAddress';

/** What no file system takes in a name, or what a name must not do. */
const unfit = /[/\\:*?"<>|\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Of Windows. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu;

/** A name that can be given to a file anywhere. */
export function toSafeName(path: string): string {
  const name = toFileName(path).replace(unfit, '_').replace(/[. ]$/u, '_');
  return name === '' || reserved.test(name) ? `_${name}` : name.slice(0, 200);
}

/** One for each path, in their order; where two would be the same, also in another case, the later one has a number. */
export function planNames(paths: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const wanted = toSafeName(path);
    const dot = wanted.lastIndexOf('.');
    const [stem, end] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ''];
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) {
      name = `${stem} (${number})${end}`;
    }
    taken.add(name.toLowerCase());
    return name;
  });
}
