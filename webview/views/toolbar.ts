// Which part of the session is shown, and the search and filters over its steps.

import { toCountText } from '../../src/export/wording';
import { h, setAttributes, setText } from '../dom';
import { isUnderWay } from '../../src/core/summary';
import type { AgentFilter } from '../model/agentSearch';
import type { SearchScope, StepFilter } from '../model/search';
import { isAgentRun, type Snapshot, type View, type ViewActions } from '../snapshot';
import { createCheckbox, createDropdown, createTextField } from '../toolkit';
import { type Tab, tabs } from '../viewState';
import { t, toPlural } from '../l10n';

const tabWords: Readonly<Record<Tab, string>> = {
  steps: t('Steps'),
  variables: t('Variables'),
  session: t('Session'),
};

const scopeChoices: readonly { readonly value: SearchScope; readonly label: string }[] = [
  { value: 'all', label: t('Everything') },
  { value: 'code', label: t('Code') },
  { value: 'output', label: t('Output') },
  { value: 'prompts', label: t('Prompts') },
  { value: 'values', label: t('Values') },
];

const filterChoices: readonly { readonly value: StepFilter; readonly label: string }[] = [
  { value: 'all', label: t('All steps') },
  { value: 'problems', label: t('Problems') },
  { value: 'calls', label: t('Sub-model calls') },
  { value: 'changes', label: t('Changed variables') },
];

const agentFilterChoices: readonly { readonly value: AgentFilter; readonly label: string }[] = [
  { value: 'all', label: t('All activity') },
  { value: 'problems', label: t('Problems') },
  { value: 'messages', label: t('Messages') },
  { value: 'commands', label: t('Commands and tools') },
  { value: 'changes', label: t('Changed files') },
  { value: 'approvals', label: t('Approvals') },
];

export interface ToolbarView extends View {
  focusSearch(): void;
}

export function createToolbar(actions: ViewActions): ToolbarView {
  const tabButtons = tabs.map((tab) => createTab(tab, actions));
  const search = createTextField(t('Search the steps'), t('Search (/)'), (text) =>
    actions.change({ text }),
  );
  const scope = createDropdown(t('Search in'), scopeChoices, (value) =>
    actions.change({ scope: value }),
  );
  const filter = createDropdown(t('Show'), filterChoices, (value) =>
    actions.change({ filter: value }),
  );
  const agentFilter = createDropdown(t('Show'), agentFilterChoices, (value) =>
    actions.change({ filter: value }),
  );
  const count = h('span', { class: 'bar-note', role: 'status' });
  const timeline = createCheckbox(t('Timeline'), (checked) =>
    actions.change({ timeline: checked }),
  );
  const follow = createCheckbox(t('Follow'), (checked) => actions.change({ follow: checked }));
  follow.title = t('Show each new step as it starts');
  const searching = h(
    'div',
    { class: 'searching', role: 'search' },
    ...[search, scope, filter, agentFilter, count],
  );
  const element = h(
    'div',
    { class: 'toolbar' },
    h(
      'div',
      { class: 'tabs', role: 'tablist', 'aria-label': t('Parts of the session') },
      ...tabButtons,
    ),
    searching,
    h('div', { class: 'toggles' }, follow, timeline),
  );
  moveFocusByArrows(tabButtons);
  return {
    element,
    focusSearch() {
      searching.hidden = false; // what is hidden takes no focus, and the tab is drawn with the next frame
      search.focus();
    },
    update(snapshot: Snapshot): void {
      const { view, status, rows, trace } = snapshot;
      const isAgent = isAgentRun(snapshot);
      const shownTab = isAgent && view.tab === 'variables' ? 'session' : view.tab;
      for (const [index, tab] of tabs.entries()) {
        const isChosen = tab === shownTab;
        const button = tabButtons[index];
        if (button) {
          setAttributes(button, { 'aria-selected': String(isChosen), tabindex: isChosen ? 0 : -1 });
          button.hidden = isAgent && tab === 'variables'; // an agent has none
          setText(button, isAgent && tab === 'steps' ? t('Activity') : tabWords[tab]);
        }
      }
      for (const [control, value] of [
        [search, view.text],
        [scope, view.scope],
        [isAgent ? agentFilter : filter, view.filter],
      ] as const) {
        if (control.value !== value) {
          control.value = value;
        }
      }
      scope.hidden = isAgent;
      filter.hidden = isAgent;
      agentFilter.hidden = !isAgent;
      const isFiltered = view.text !== '' || view.filter !== 'all';
      const all = isAgent
        ? toCountText(trace.entries.length)
        : toPlural(trace.steps.length, 'step');
      setText(count, isFiltered ? t('{0} of {1}', toCountText(rows.length), all) : '');
      searching.hidden = view.tab !== 'steps';
      timeline.checked = view.timeline;
      follow.checked = view.follow;
      follow.hidden = !isUnderWay(status) || view.tab !== 'steps';
    },
  };
}

function createTab(tab: Tab, actions: ViewActions): HTMLElement {
  const button = h(
    'button',
    {
      type: 'button',
      role: 'tab',
      id: `tab-${tab}`,
      class: 'tab',
      'aria-controls': `panel-${tab}`,
    },
    tabWords[tab],
  );
  button.addEventListener('click', () => actions.change({ tab }));
  return button;
}

/** What is hidden is passed over. */
function moveFocusByArrows(buttons: readonly HTMLElement[]): void {
  for (const button of buttons) {
    button.addEventListener('keydown', (event) => {
      const shown = buttons.filter((one) => !one.hidden);
      const at = shown.indexOf(button);
      const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
      if (target !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        const next = shown.at(target % shown.length);
        next?.focus();
        next?.click();
      }
    });
  }
}
