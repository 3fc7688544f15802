// What an exported page keeps in the browser, where the browser lets it.

import type { ViewerMemory } from './host';

/** `open` throws where a page from a file may keep nothing: it is then forgotten. */
export function createPageMemory(key: string, open: () => Storage): ViewerMemory {
  return {
    read() {
      try {
        return JSON.parse(open().getItem(key) ?? 'null') as unknown;
      } catch {
        return null;
      }
    },
    write(state) {
      try {
        open().setItem(key, JSON.stringify(state));
      } catch {
        // forgotten
      }
    },
  };
}
