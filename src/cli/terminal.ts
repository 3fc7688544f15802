// Standard input, output and error of one run of the command, and the colours they take.

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
  #outputFault: Error | null = null;
  #tellFault: () => void = () => undefined;

  constructor({ input, output, errors, env }: TerminalStreams) {
    this.input = input;
    this.output = output;
    this.#errors = errors;
    this.style = createStyle(env, output.isTTY === true);
    this.errorStyle = createStyle(env, errors.isTTY === true);
    output.on('error', (fault: Error) => this.#onOutputFault(fault));
    errors.on('error', () => undefined); // nobody reads them, and that is no reason to end
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

  /** Why stdout took no more: its reader has gone, the disk is full. Null while it takes all. */
  get outputFault(): Error | null {
    return this.#outputFault;
  }

  /** Calls `listener` when stdout takes no more; there is one listener. */
  onOutputFault(listener: () => void): void {
    this.#tellFault = listener;
  }

  print(text = ''): void {
    this.output.write(`${toShown(text, this.output)}\n`);
  }

  printError(text: string): void {
    this.#errors.write(`${toShown(text, this.#errors)}\n`);
  }

  /**
   * Writes as fast as the reader takes it, for output without a bound.
   * @throws the stream's error when it takes no more.
   */
  async write(text: string): Promise<void> {
    if (!this.#outputFault && !this.output.write(toShown(text, this.output))) {
      await flush(this.output);
    }
    if (this.#outputFault) {
      throw this.#outputFault;
    }
  }

  /** Settles when both streams have taken all, however slow their readers are, or take no more. */
  async flush(): Promise<void> {
    await Promise.all([flush(this.output), flush(this.#errors)]);
  }

  /** Shows how far work is, in place, while a person looks on; the empty text clears it. */
  showProgress(text: string): void {
    if (this.#errors.isTTY === true) {
      this.#errors.write(`\r\u001b[K${escapeControlsButStyles(text)}`);
    }
  }

  #onOutputFault(fault: Error): void {
    if (!this.#outputFault) {
      this.#outputFault = fault;
      this.#tellFault();
    }
  }
}

/** An empty write is done when all before it are; on a stream that is broken it fails. */
async function flush(stream: OutputStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => setImmediate(resolve)); // the stream's own `error` is told before
  });
}

/** The last gate: whatever was not made printable before, nothing but colours drives a terminal. */
function toShown(text: string, stream: OutputStream): string {
  return stream.isTTY === true ? escapeControlsButStyles(text) : text;
}
