// Standard input, output and error of one run of the command, and the colours they take.

import { once } from 'node:events';
import { escapeControlsButStyles } from '../base/visible';
import { createStyle, type Style } from './render/style';

interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: OutputStream;
  readonly errors: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const defaultColumns = 100;

export class Terminal {
  readonly input: TerminalStreams['input'];
  readonly output: OutputStream;
  readonly style: Style;
  readonly errorStyle: Style;
  readonly #errors: OutputStream;

  constructor({ input, output, errors, env }: TerminalStreams) {
    this.input = input;
    this.output = output;
    this.#errors = errors;
    this.style = createStyle(env, output.isTTY === true);
    this.errorStyle = createStyle(env, errors.isTTY === true);
  }

  /** A person reads stdout. */
  get isOutputShown(): boolean {
    return this.output.isTTY === true;
  }

  /** A person types at stdin and reads stdout. */
  get isInteractive(): boolean {
    return this.input.isTTY === true && this.isOutputShown;
  }

  get columns(): number {
    return this.output.columns || defaultColumns; // 0 where the terminal does not say
  }

  print(text = ''): void {
    this.output.write(`${toShown(text, this.output)}\n`);
  }

  printError(text: string): void {
    this.#errors.write(`${toShown(text, this.#errors)}\n`);
  }

  /** Writes as fast as the reader takes it, for output without a bound. */
  async write(text: string): Promise<void> {
    if (!this.output.write(toShown(text, this.output))) {
      await once(this.output, 'drain');
    }
  }

  /** Shows how far work is, in place, while a person looks on; the empty text clears it. */
  showProgress(text: string): void {
    if (this.#errors.isTTY === true) {
      this.#errors.write(`\r\u001b[K${escapeControlsButStyles(text)}`);
    }
  }
}

/** The last gate: whatever was not made printable before, nothing but colours drives a terminal. */
function toShown(text: string, stream: OutputStream): string {
  return stream.isTTY === true ? escapeControlsButStyles(text) : text;
}
