// Colours, where a person wants them.

import { styleText } from 'node:util';

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/**
 * FORCE_COLOR decides before NO_COLOR, both before whether it is a terminal.
 * Source: no-color.org, force-color.org and Node's own order of the two.
 */
export function createStyle(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): Style {
  const forced = env['FORCE_COLOR'];
  const isOn =
    forced === undefined
      ? isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
      : forced !== '0';
  const paint = (name: keyof Style) => (text: string) =>
    isOn && text !== '' ? styleText(name, text, { validateStream: false }) : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}
