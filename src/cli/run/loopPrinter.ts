// Shows a run while it goes on, on stderr: what the model writes, and what its code did.

import type { LoopProgress } from '../../core/loop';
import type { SessionChange } from '../../core/liveSessions';
import { toPrintable } from '../render/printable';
import { renderStep } from '../render/step';
import type { Terminal } from '../terminal';

export class LoopPrinter {
  readonly #terminal: Terminal;
  /** Null: not open yet. */
  #sessionId: string | null = null;
  /** Of the line that is being written. */
  #text = '';
  #hasStreamed = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  showProgress(progress: LoopProgress): void {
    const { errorStyle } = this.#terminal;
    switch (progress.kind) {
      case 'opened':
        this.#sessionId = progress.sessionId;
        this.#print(errorStyle.dim(`Session ${progress.sessionId}`));
        return;
      case 'thinking':
        this.#showText();
        this.#hasStreamed = false;
        this.#print(
          errorStyle.bold(`\nIteration ${progress.iteration} of ${progress.maxIterations}`),
        );
        return;
      case 'text':
        this.#hasStreamed = true;
        this.#text += progress.piece;
        this.#showLines();
        return;
      case 'running':
        this.#showText();
        if (!this.#hasStreamed) {
          this.#print(errorStyle.cyan(toPrintable(progress.code))); // the model told it in one piece
        }
        this.#terminal.showProgress('the code runs');
        return;
      case 'subtask':
        this.#print(errorStyle.dim(toPrintable(`${progress.title}: ${progress.state}`)));
        return;
      case 'ran':
        return;
    }
  }

  /** A step's outcome, which progress does not carry; child sessions are not shown. */
  showEvent({ sessionId, event }: SessionChange): void {
    if (event.kind === 'step.finished' && sessionId === this.#sessionId) {
      const text = renderStep(event.outcome, this.#terminal.errorStyle);
      if (text !== '') {
        this.#print(text);
      }
    }
  }

  /** Whole lines only, so that what is shown cannot be split inside a character or a control. */
  #showLines(): void {
    const end = this.#text.lastIndexOf('\n');
    if (end >= 0) {
      this.#print(this.#terminal.errorStyle.cyan(toPrintable(this.#text.slice(0, end))));
      this.#text = this.#text.slice(end + 1);
    }
  }

  #showText(): void {
    if (this.#text !== '') {
      this.#print(this.#terminal.errorStyle.cyan(toPrintable(this.#text)));
      this.#text = '';
    }
  }

  #print(text: string): void {
    this.#terminal.showProgress('');
    this.#terminal.printError(text);
  }
}
