// Lists the first level of the tree for a view, which is told why it is empty when the home cannot be used.

import { toRlmError } from '../../core/errors';
import { wordNextStep } from '../../core/nextSteps';
import type { SessionNode } from './sessionNode';

export class RootListing {
  readonly #list: () => Promise<readonly SessionNode[]>;
  readonly #say: (message: string) => void;
  #state: 'unlisted' | 'listed' | 'failed' = 'unlisted';

  /** `say`: takes the message above the tree; empty: none. */
  constructor(list: () => Promise<readonly SessionNode[]>, say: (message: string) => void) {
    this.#list = list;
    this.#say = say;
  }

  /** Whether the latest listing failed. */
  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Whether the latest listing is of sessions. */
  get isListed(): boolean {
    return this.#state === 'listed';
  }

  async read(): Promise<SessionNode[]> {
    try {
      const nodes = await this.#list();
      this.#state = 'listed';
      this.#say('');
      return [...nodes];
    } catch (thrown) {
      const { message, nextStep } = toRlmError(thrown);
      this.#state = 'failed';
      this.#say(`${message} ${wordNextStep(nextStep, 'editor')}`);
      return [];
    }
  }
}
