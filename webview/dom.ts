// Building the document. Every text goes in as a text node, and no attribute that could run or load
// anything can be set: what a model or a file has written stays text.

type AttributeName =
  | 'class'
  | 'id'
  | 'role'
  | 'title'
  | 'tabindex'
  | 'type'
  | 'for'
  | 'name'
  | 'value'
  | 'scope'
  | 'colspan'
  | 'hidden'
  | 'autofocus'
  | `aria-${string}`
  | `data-${string}`;

/** Null and false leave an attribute out; true writes it empty. */
export type Attributes = Partial<Record<AttributeName, string | number | boolean | null>>;
export type Child = Node | string | null;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) {
      element.removeAttribute(name);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
}

/** Writes only what is new: a screen reader and the layout see no change where there is none. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function setChildren(element: Element, children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null));
}

/** Whether two lists hold the same things in the same order. */
export function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index]);
}

const svgNamespace = 'http://www.w3.org/2000/svg';

/** A 16 × 16 icon in the colour of its text. */
export function createIcon(path: string): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  for (const [name, value] of [
    ['viewBox', '0 0 16 16'],
    ['class', 'icon'],
    ['aria-hidden', 'true'],
  ] as const) {
    svg.setAttribute(name, value);
  }
  const shape = document.createElementNS(svgNamespace, 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}
