// Puts an entry into a JSON file, with comments or without; the rest keeps its form.

import { applyEdits, type JSONPath, modify, parse, type ParseError } from 'jsonc-parser';
import {
  checkEdited,
  checkEntry,
  type ConfigObject,
  isManaged,
  isObject,
  refusal,
  serverName,
  withEntry,
} from './serverEntry';

export interface JsonPlace {
  /** The key that holds the list of servers. */
  readonly section: string;
  readonly mayHaveComments: boolean;
  /** A value the client asks the person for, by its id. */
  readonly input?: ConfigObject & { readonly id: string };
}

export function toJsonText({ section, input }: JsonPlace, entry: ConfigObject): string {
  const document = {
    ...(input ? { inputs: [input] } : {}),
    [section]: { [serverName]: entry },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** @throws RlmError 'INVALID_INPUT' when it cannot be done without touching anything else. */
export function setJsonEntry(text: string, place: JsonPlace, entry: ConfigObject): string {
  if (text.trim() === '') {
    return toJsonText(place, entry);
  }
  const before = parseJson(text, place);
  const { section } = place;
  checkEntry(before, section);
  const servers = before[section];
  const existing = isObject(servers) ? servers[serverName] : undefined;
  let edited = text;
  if (isObject(existing)) {
    const stale = Object.keys(existing).filter((key) => isManaged(key) && !(key in entry));
    stale.forEach((key) => (edited = set(edited, [section, serverName, key], undefined)));
    for (const [key, value] of Object.entries(entry)) {
      edited = set(edited, [section, serverName, key], value);
    }
  } else {
    edited = set(edited, [section, serverName], entry);
  }
  let expected = withEntry(before, section, entry);
  if (place.input) {
    edited = addInput(edited, place.input, before);
    const inputs = readInputs(before).filter((one) => !isInput(one, place.input?.id));
    expected = { ...expected, inputs: [...inputs, place.input] };
  }
  checkEdited(sortInputs(parseJson(edited, place)), sortInputs(expected));
  return edited;
}

function addInput(
  text: string,
  input: NonNullable<JsonPlace['input']>,
  before: ConfigObject,
): string {
  const inputs = readInputs(before);
  const index = inputs.findIndex((one) => isInput(one, input.id));
  if (index >= 0) {
    return set(text, ['inputs', index], input);
  }
  return before['inputs'] === undefined
    ? set(text, ['inputs'], [input])
    : set(text, ['inputs', inputs.length], input);
}

function readInputs(document: ConfigObject): readonly unknown[] {
  const inputs = document['inputs'] ?? [];
  if (!Array.isArray(inputs)) {
    throw refusal('its inputs are no list');
  }
  return inputs;
}

function isInput(value: unknown, id: string | undefined): boolean {
  return isObject(value) && value['id'] === id;
}

/** The order of inputs means nothing. */
function sortInputs(document: ConfigObject): ConfigObject {
  if (document['inputs'] === undefined) {
    return document;
  }
  const texts = readInputs(document).map((input) => JSON.stringify(input));
  return { ...document, inputs: texts.sort() };
}

function set(text: string, path: JSONPath, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const usesTabs = /^\t/mu.test(text);
  const width = /^( +)\S/mu.exec(text)?.[1]?.length ?? 2;
  const formattingOptions = { insertSpaces: !usesTabs, tabSize: width, eol };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}

function parseJson(text: string, { mayHaveComments }: JsonPlace): ConfigObject {
  const errors: ParseError[] = [];
  const document: unknown = parse(text, errors, {
    disallowComments: !mayHaveComments,
    allowTrailingComma: mayHaveComments,
  });
  if (errors[0] || !isObject(document)) {
    const line = text.slice(0, errors[0]?.offset ?? 0).split('\n').length;
    throw refusal(`it is not valid JSON${errors[0] ? ` (line ${line})` : ''}`);
  }
  return document;
}
