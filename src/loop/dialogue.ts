// What the model is shown of its run so far: the instructions, the task, and the turns, whose room is
// fixed. A turn that has to make room is shortened, then left out; its variables are still there.

import { cutMiddle } from '../base/text';
import type { ModelMessage } from '../core/model';

/** Characters of all turns together; about 16,000 tokens. */
const maxTurnChars = 64_000;
/**
 * Making room goes down to here. In between turns are only added, so that providers can go on
 * reusing what they have cached of the conversation.
 */
const roomyTurnChars = 32_000;
const replyChars = 20_000;
const observationChars = 12_000;
const shortReplyChars = 800;
const shortObservationChars = 400;
/** The turns before the one that was just made, which the next code builds on. */
const keptWhole = 1;

interface Turn {
  readonly reply: string;
  readonly observation: string;
  readonly isShort: boolean;
}

export class Dialogue {
  readonly #opening: string;
  #turns: Turn[] = [];
  #leftOut = 0;

  /** `opening`: the first message, the task and the description of the context. */
  constructor(opening: string) {
    this.#opening = opening;
  }

  add(reply: string, observation: string): void {
    this.#turns.push({
      reply: cutMiddle(reply, replyChars) || '(nothing)',
      observation: cutMiddle(observation, observationChars),
      isShort: false,
    });
    if (this.#countChars() > maxTurnChars) {
      this.#makeRoom();
    }
  }

  /** Roles alternate after `system`, and the last message is the user's. */
  toMessages(system: string): readonly ModelMessage[] {
    const note =
      this.#leftOut === 0
        ? ''
        : `\n\n(The first ${this.#leftOut} turns are left out here. The variables they made are still there: SHOW_VARS() lists them.)`;
    return [
      { role: 'system', text: system },
      { role: 'user', text: this.#opening + note },
      ...this.#turns.flatMap(({ reply, observation }): readonly ModelMessage[] => [
        { role: 'assistant', text: reply },
        { role: 'user', text: observation },
      ]),
    ];
  }

  #makeRoom(): void {
    const end = this.#turns.length - keptWhole;
    for (let at = 0; at < end && this.#countChars() > roomyTurnChars; at += 1) {
      this.#turns = this.#turns.with(at, toShort(this.#turns[at]));
    }
    while (this.#turns.length > keptWhole && this.#countChars() > roomyTurnChars) {
      this.#turns.shift();
      this.#leftOut += 1;
    }
  }

  #countChars(): number {
    return this.#turns.reduce(
      (sum, { reply, observation }) => sum + reply.length + observation.length,
      0,
    );
  }
}

function toShort(turn: Turn | undefined): Turn {
  const { reply = '', observation = '', isShort = true } = turn ?? {};
  return isShort
    ? { reply, observation, isShort }
    : {
        reply: cutMiddle(reply, shortReplyChars),
        observation: cutMiddle(observation, shortObservationChars),
        isShort: true,
      };
}
