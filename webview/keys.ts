// The keys of the viewer, in one table that both the help and the keyboard itself are made from.

import { t } from './l10n';

export type KeyCommand =
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'nextProblem'
  | 'previousProblem'
  | 'openStep'
  | 'approvals'
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
    title: t('Steps'),
    lines: [
      { keys: ['j', 'ArrowDown'], command: 'next', does: t('Next step') },
      { keys: ['k', 'ArrowUp'], command: 'previous', does: t('Previous step') },
      { keys: ['g', 'Home'], command: 'first', does: t('First step') },
      { keys: ['G', 'End'], command: 'last', does: t('Last step') },
      { keys: ['e'], command: 'nextProblem', does: t('Next error or guardrail stop') },
      { keys: ['E'], command: 'previousProblem', does: t('Previous error or guardrail stop') },
      { keys: ['Enter'], command: 'openStep', does: t('Go to the step’s detail') },
      { keys: ['a'], command: 'approvals', does: t('Go to what waits for your approval') },
      { keys: ['l'], command: 'copyLink', does: t('Copy a link to the step') },
      { keys: ['f'], command: 'follow', does: t('Follow new steps, or not') },
    ],
  },
  {
    title: t('View'),
    lines: [
      { keys: ['/'], command: 'search', does: t('Search') },
      { keys: ['Escape'], command: 'clear', does: t('Clear the search') },
      { keys: ['1'], command: 'steps', does: t('Steps') },
      { keys: ['2'], command: 'variables', does: t('Variables') },
      { keys: ['3'], command: 'session', does: t('Session') },
      { keys: ['?'], command: 'help', does: t('This help') },
    ],
  },
  {
    title: t('Timeline'),
    lines: [
      { keys: ['t'], command: 'timeline', does: t('Show or hide it') },
      { keys: ['+', '='], command: 'zoomIn', does: t('Zoom in') },
      { keys: ['-'], command: 'zoomOut', does: t('Zoom out') },
      { keys: ['0'], command: 'zoomAll', does: t('Show all of it') },
      { keys: ['['], command: 'panLeft', does: t('Move to earlier') },
      { keys: [']'], command: 'panRight', does: t('Move to later') },
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
