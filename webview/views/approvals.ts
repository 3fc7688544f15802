// What the agent waits for a person to answer, with all that is to be judged, always in view. Whoever answers first
// decides, here or elsewhere.

import type { AgentAsked } from '../../src/core/agent/agentEvent';
import { isUnderWay } from '../../src/core/summary';
import { toDurationText } from '../../src/export/wording';
import { subjectWords } from '../agentWords';
import { h, setChildren, setText } from '../dom';
import { t } from '../l10n';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { type ButtonControl, createButton } from '../toolkit';
import { createAskedParts } from './agentDetail';

/** When one goes, the next moves under the pointer: until then a click, as the second of two, was meant for the first. */
const settleMs = 700;

interface Card extends View {
  readonly approvalId: string;
}

export interface ApprovalsView extends View {
  /** The first that waits. */
  focus(): void;
}

export function createApprovals(actions: ViewActions): ApprovalsView {
  const title = h('h2', { class: 'approvals-title' });
  const list = h('div', { class: 'approval-list' });
  const element = h(
    'section',
    { class: 'approvals', tabindex: -1, 'aria-label': t('Approvals that wait for you') },
    h('div', { role: 'status' }, title),
    list,
  );
  let cards: readonly Card[] = [];
  let movedAt = -Infinity;
  const isSettled = (): boolean => performance.now() - movedAt >= settleMs;
  return {
    element,
    focus() {
      cards[0]?.element.focus(); // to be read before it is answered
    },
    update(snapshot: Snapshot): void {
      const { trace, status } = snapshot;
      const waiting = isUnderWay(status)
        ? trace.agent.waiting.flatMap(({ first }) => (first.kind === 'agent.asked' ? [first] : []))
        : [];
      element.hidden = waiting.length === 0;
      const isSame =
        waiting.length === cards.length &&
        waiting.every(({ approvalId }, index) => approvalId === cards[index]?.approvalId);
      if (!isSame) {
        const known = new Map(cards.map((card) => [card.approvalId, card]));
        if (cards.some((card) => !waiting.some((one) => one.approvalId === card.approvalId))) {
          movedAt = performance.now();
        }
        cards = waiting.map(
          (asked) => known.get(asked.approvalId) ?? createCard(asked, { actions, isSettled }),
        );
        setChildren(
          list,
          cards.map((card) => card.element),
        );
        setText(
          title,
          waiting.length === 1
            ? t('The agent waits for you')
            : t('The agent waits for you: {0} approvals', waiting.length),
        );
      }
      cards.forEach((card) => card.update(snapshot));
    },
  };
}

function createCard(
  asked: AgentAsked,
  { actions, isSettled }: { readonly actions: ViewActions; readonly isSettled: () => boolean },
): Card {
  const { approvalId } = asked;
  const left = h('span', { class: 'quiet' });
  const elsewhere = h('p', { class: 'quiet' });
  const buttons: ButtonControl[] = [];
  /** One that was refused may be answered again. */
  const disable = (isDisabled: boolean): void => {
    for (const button of buttons) {
      button.disabled = isDisabled;
    }
  };
  const decide = (decision: 'accept' | 'decline' | 'cancel') => (): void => {
    if (!isSettled()) {
      return; // meant for the one that stood here
    }
    disable(true);
    void actions.attempt('decide', { approvalId, decision }).then((isDone) => disable(isDone));
  };
  buttons.push(
    createButton({ label: t('Approve'), look: 'primary', onClick: decide('accept') }),
    createButton({ label: t('Decline'), onClick: decide('decline') }),
    createButton({ label: t('Decline and end its turn'), onClick: decide('cancel') }),
  );
  const foot = h('div', { class: 'approval-foot' }, ...buttons, left);
  const body = h(
    'div',
    { class: 'approval-body' },
    ...createAskedParts(asked, actions).filter(isThere),
  );
  const element = h(
    'article',
    { class: 'approval', tabindex: -1, 'aria-label': subjectWords[asked.subject] },
    h('h3', {}, subjectWords[asked.subject]),
    body,
    foot,
    elsewhere,
  );
  return {
    approvalId,
    element,
    update({ standing, now }: Snapshot): void {
      const canDecide = standing.actions.includes('approve');
      for (const button of buttons) {
        button.hidden = !canDecide;
      }
      setText(
        left,
        t('Declined by itself in {0}', toDurationText(Math.max(0, asked.deadline - now))),
      );
      setText(
        elsewhere,
        canDecide || actions.place === 'page' ? '' : t('It is answered where the agent runs.'),
      );
    },
  };
}

function isThere(part: HTMLElement | null): part is HTMLElement {
  return part !== null;
}
