// The only place that knows @vscode/webview-ui-toolkit: its authors have sunset it, so that the day
// it has to go, these few functions are what is written anew. Layout and rows are plain elements.

import './policy';

import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

import { type Attributes, createIcon, setAttributes } from './dom';
import { type IconName, icons } from './icons';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextArea(),
    vsCodeTextField(),
  );
}

/** What callers may use of a control that holds a text. */
export interface TextControl extends HTMLElement {
  value: string;
}

export interface CheckControl extends HTMLElement {
  checked: boolean;
}

export interface ButtonControl extends HTMLElement {
  disabled: boolean;
}

export interface ButtonOptions {
  readonly label: string;
  readonly look?: 'primary' | 'secondary';
  /** Shown instead of the label, which then is its name and tooltip. */
  readonly icon?: IconName;
  readonly onClick: () => void;
}

export function createButton({ label, look, icon, onClick }: ButtonOptions): ButtonControl {
  const appearance = icon === undefined ? (look ?? 'secondary') : 'icon';
  const button = create<ButtonControl>('vscode-button', { 'aria-label': label });
  button.setAttribute('appearance', appearance);
  if (icon === undefined) {
    button.append(label);
  } else {
    button.title = label;
    button.append(createIcon(icons[icon]));
  }
  button.addEventListener('click', onClick);
  return button;
}

export function createTextField(
  label: string,
  placeholder: string,
  onInput: (text: string) => void,
): TextControl {
  const field = createNamed('vscode-text-field', label);
  field.setAttribute('placeholder', placeholder);
  field.addEventListener('input', () => onInput(field.value));
  return field;
}

export function createTextArea(label: string, rows: number): TextControl {
  const area = createNamed('vscode-text-area', label);
  area.setAttribute('placeholder', label);
  area.setAttribute('rows', String(rows));
  area.setAttribute('resize', 'vertical');
  return area;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

export function createDropdown<T extends string>(
  label: string,
  choices: readonly Choice<T>[],
  onChange: (value: T) => void,
): TextControl {
  const dropdown = create<TextControl>('vscode-dropdown', { 'aria-label': label, title: label });
  for (const choice of choices) {
    const option = create<TextControl>('vscode-option', {});
    option.setAttribute('value', choice.value);
    option.append(choice.label);
    dropdown.append(option);
  }
  dropdown.addEventListener('change', () => {
    const chosen = choices.find(({ value }) => value === dropdown.value);
    if (chosen) {
      onChange(chosen.value);
    }
  });
  return dropdown;
}

export function createCheckbox(label: string, onChange: (checked: boolean) => void): CheckControl {
  const box = create<CheckControl>('vscode-checkbox', {});
  box.append(label);
  box.addEventListener('change', () => onChange(box.checked));
  return box;
}

export function createProgressRing(label: string): HTMLElement {
  return create('vscode-progress-ring', { 'aria-label': label });
}

/** The toolkit names a text control by what stands inside it and by nothing else; it is not shown. */
function createNamed(tag: `vscode-${string}`, label: string): TextControl {
  const control = create<TextControl>(tag, {});
  control.append(label);
  return control;
}

function create<T extends HTMLElement>(tag: `vscode-${string}`, attributes: Attributes): T {
  const element = document.createElement(tag) as T; // registered above under this name
  setAttributes(element, attributes);
  return element;
}
