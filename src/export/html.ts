// HTML that is safe by construction: in `markup`, every value is escaped unless it is Html itself.

import { showControls } from './visible';

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type HtmlValue = string | number | Html | null | readonly HtmlValue[];

/** Strings and numbers are escaped, for content and for quoted attributes alike; null is nothing. */
export function markup(literals: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = literals.map((literal, index) => {
    const value = values[index];
    return value === undefined ? literal : literal + toText(value);
  });
  return new Html(parts.join(''));
}

function toText(value: HtmlValue): string {
  if (value === null) {
    return '';
  }
  if (value instanceof Html) {
    return value.text;
  }
  if (typeof value === 'object') {
    return value.map(toText).join('');
  }
  return typeof value === 'number' ? String(value) : escapeText(value);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return showControls(text).replace(/[&<>"']/gu, (character) => entities[character] ?? '');
}
