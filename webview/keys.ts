// The keys of the viewer, in one table that both the help and the keyboard itself are made from.

export type KeyCommand =
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'nextProblem'
  | 'previousProblem'
  | 'openStep'
  | 'search'
  | 'clear'
  | 'steps'
  | 'variables'
  | 'session'
  | 'timeline'
  | 'follow'
  | 'zoomIn'
  | 'zoomOut'
  | 'zoomAll'
  | 'panLeft'
  | 'panRight'
  | 'copyLink'
  | 'help';

interface KeyLine {
  /** As a keyboard event names them; the first is what the help shows first. */
  readonly keys: readonly string[];
  readonly command: KeyCommand;
  readonly does: string;
}

const groups: readonly { readonly title: string; readonly lines: readonly KeyLine[] }[] = [
  {
    title: 'Steps',
    lines: [
      { keys: ['j', 'ArrowDown'], command: 'next', does: 'Next step' },
      { keys: ['k', 'ArrowUp'], command: 'previous', does: 'Previous step' },
      { keys: ['g', 'Home'], command: 'first', does: 'First step' },
      { keys: ['G', 'End'], command: 'last', does: 'Last step' },
      { keys: ['e'], command: 'nextProblem', does: 'Next error or guardrail stop' },
      { keys: ['E'], command: 'previousProblem', does: 'Previous error or guardrail stop' },
      { keys: ['Enter'], command: 'openStep', does: 'Go to the step’s detail' },
      { keys: ['l'], command: 'copyLink', does: 'Copy a link to the step' },
      { keys: ['f'], command: 'follow', does: 'Follow new steps, or not' },
    ],
  },
  {
    title: 'View',
    lines: [
      { keys: ['/'], command: 'search', does: 'Search' },
      { keys: ['Escape'], command: 'clear', does: 'Clear the search' },
      { keys: ['1'], command: 'steps', does: 'Steps' },
      { keys: ['2'], command: 'variables', does: 'Variables' },
      { keys: ['3'], command: 'session', does: 'Session' },
      { keys: ['?'], command: 'help', does: 'This help' },
    ],
  },
  {
    title: 'Timeline',
    lines: [
      { keys: ['t'], command: 'timeline', does: 'Show or hide it' },
      { keys: ['+', '='], command: 'zoomIn', does: 'Zoom in' },
      { keys: ['-'], command: 'zoomOut', does: 'Zoom out' },
      { keys: ['0'], command: 'zoomAll', does: 'Show all of it' },
      { keys: ['['], command: 'panLeft', does: 'Move to earlier' },
      { keys: [']'], command: 'panRight', does: 'Move to later' },
    ],
  },
];

const shownNames: Readonly<Partial<Record<string, string>>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  Escape: 'Esc',
};

export const keyHelp = groups.map(({ title, lines }) => ({
  title,
  keys: lines.map(({ keys, does }) => ({ names: keys.map((key) => shownNames[key] ?? key), does })),
}));

const commands = new Map(
  groups.flatMap(({ lines }) =>
    lines.flatMap(({ keys, command }) => keys.map((key) => [key, command])),
  ),
);

/** Undefined for keys that are not ours, and while a text is being written. */
export function toKeyCommand(event: KeyboardEvent): KeyCommand | undefined {
  const target = event.composedPath()[0];
  const isWriting =
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    isListbox(target);
  // Arrows, Enter and the like belong to what has the focus: a button, a list, a scrolled text.
  const isTaken = event.key.length > 1 && event.key !== 'Escape' && target !== document.body;
  if (
    isTaken ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    (isWriting && event.key !== 'Escape')
  ) {
    return undefined;
  }
  return commands.get(event.key);
}

/** The toolkit's dropdown takes letters and arrows for its own choices. */
function isListbox(target: EventTarget | undefined): boolean {
  return target instanceof Element && target.tagName.toLowerCase() === 'vscode-dropdown';
}
