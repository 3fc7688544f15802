// The edge between the step list and the detail: dragged, or moved with the arrow keys.

import { h, setAttributes } from '../dom';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { t } from '../l10n';

const least = 180;
const most = 900;
const keyPixels = 24;

export function createSash(actions: ViewActions): View {
  const element = h('div', {
    class: 'sash',
    role: 'separator',
    tabindex: 0,
    'aria-label': t('Width of the step list'),
    'aria-orientation': 'vertical',
    'aria-valuemin': least,
    'aria-valuemax': most,
  });
  let width = least;
  let grabbedAt: number | null = null;
  const resize = (wanted: number): void =>
    actions.change({ listWidth: Math.round(Math.min(most, Math.max(least, wanted))) });
  element.addEventListener('pointerdown', (event) => {
    grabbedAt = event.clientX - width;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener('pointermove', ({ clientX }) => {
    if (grabbedAt !== null) {
      resize(clientX - grabbedAt);
    }
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    element.addEventListener(end, () => {
      grabbedAt = null;
    });
  }
  element.addEventListener('keydown', (event) => {
    const move = { ArrowLeft: -keyPixels, ArrowRight: keyPixels }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      resize(width + move);
    }
  });
  return {
    element,
    update({ view }: Snapshot): void {
      width = view.listWidth;
      setAttributes(element, { 'aria-valuenow': width });
    },
  };
}
