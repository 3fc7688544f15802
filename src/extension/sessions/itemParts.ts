// What the items of the tree are drawn from.

import type { SessionSource } from '../sessionSource';
import type { SessionTree } from './sessionTree';

export interface ItemParts {
  readonly tree: SessionTree;
  readonly source: SessionSource;
}
