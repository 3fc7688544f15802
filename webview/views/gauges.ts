// The guardrail gauges of the header: what is used of each limit, with a colour near its end.

import { h, setAttributes, setText } from '../dom';
import { type ShownGauge, toShownGauges } from '../model/gauges';
import type { Snapshot, View } from '../snapshot';
import { t } from '../l10n';

interface GaugeParts {
  readonly element: HTMLElement;
  readonly text: HTMLElement;
  readonly meter: HTMLElement;
  readonly bar: HTMLElement;
}

export function createGauges(): View {
  const element = h('ul', { class: 'gauges', 'aria-label': t('Guardrails') });
  const parts: GaugeParts[] = [];
  return {
    element,
    update(snapshot: Snapshot): void {
      const { summary, trace, status } = snapshot;
      if (!summary) {
        return;
      }
      const last = trace.steps.at(-1);
      const isRunning = last && status === 'active' && trace.readVerdict(last) === 'running';
      const gauges = toShownGauges(summary, isRunning ? last : null, {
        now: snapshot.now,
        translate: t,
      });
      for (const [index, gauge] of gauges.entries()) {
        const known = parts[index] ?? createGauge(gauge);
        if (!parts[index]) {
          parts.push(known);
          element.append(known.element);
        }
        fillGauge(known, gauge);
      }
    },
  };
}

function createGauge({ name }: ShownGauge): GaugeParts {
  const text = h('span', { class: 'gauge-text' });
  const bar = h('span', { class: 'meter-bar' });
  const meter = h(
    'div',
    { class: 'meter', role: 'meter', 'aria-label': name, 'aria-valuemin': 0, 'aria-valuemax': 100 },
    bar,
  );
  const head = h('div', { class: 'gauge-head' }, h('span', { class: 'gauge-name' }, name), text);
  return { element: h('li', { class: 'gauge' }, head, meter), text, meter, bar };
}

function fillGauge(parts: GaugeParts, { text, percent, level }: ShownGauge): void {
  setText(parts.text, text);
  setAttributes(parts.element, { 'data-level': level });
  setAttributes(parts.meter, {
    'aria-valuenow': Math.round(percent),
    'aria-valuetext':
      level === 'low' ? text : `${text}, ${level === 'full' ? t('used up') : t('nearly used up')}`,
  });
  parts.bar.style.width = `${percent.toFixed(1)}%`;
}
