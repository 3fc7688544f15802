// The plot of step times over context sizes.

import {
  type Colour,
  type Scale,
  type Tick,
  createLogScale,
  createSvg,
  drawCurves,
  drawHeading,
  drawXAxis,
  drawYAxis,
} from './chart';
import { type Figure, type Series, seriesNames } from './figure';

interface Point {
  readonly bytes: number;
  readonly milliseconds: number;
}

const width = 880;
const height = 460;
const area = { left: 72, right: 620, top: 56, bottom: 400 };
const sizeRange = [1e3, 4e8] as const;
const sizeTicks: readonly Tick[] = [
  [1e3, '1 KB'],
  [1e4, '10 KB'],
  [1e5, '100 KB'],
  [1e6, '1 MB'],
  [1e7, '10 MB'],
  [1e8, '100 MB'],
  [4e8, '400 MB'],
];

/** Colours that keep apart for people who see few of them. */
const colours: Readonly<Record<Series, Colour>> = {
  'fresh Python process per step': ['#c2410c', '#fb923c'],
  'MCP over HTTP': ['#7c3aed', '#c4b5fd'],
  'MCP over stdio': ['#0369a1', '#7dd3fc'],
  'Python session': ['#15803d', '#4ade80'],
  'JavaScript session': ['#a16207', '#facc15'],
  'exec in one native process': ['#64748b', '#94a3b8'],
};

export function createPlot(figures: readonly Figure[]): string {
  const curves = seriesNames
    .map((series, colour) => ({ series, colour, points: toPoints(figures, series) }))
    .filter(({ points }) => points.length > 0);
  const times = curves.flatMap(({ points }) => points.map(({ milliseconds }) => milliseconds));
  const timeRange = [
    10 ** Math.floor(Math.log10(Math.min(...times))),
    10 ** Math.ceil(Math.log10(Math.max(...times))),
  ] as const;
  const toX = createLogScale(sizeRange, [area.left, area.right]);
  const toY = createLogScale(timeRange, [area.bottom, area.top]);
  const drawn = curves.map(({ series, colour, points }) => ({
    name: series,
    colour,
    points: points.map(({ bytes, milliseconds }) => [toX(bytes), toY(milliseconds)] as const),
  }));
  const title =
    'Time of a step that leaves the context alone, by size of the context; both axes are logarithmic';
  const picture = { width, height, title, colours: seriesNames.map((series) => colours[series]) };
  const xTicks = sizeTicks.map(([bytes, text]): Tick => [toX(bytes), text]);
  return createSvg(picture, [
    drawHeading('Time of a step, by size of the context', area),
    ...drawYAxis(createTimeTicks(timeRange, toY), area),
    ...drawXAxis(xTicks, area),
    ...drawCurves(drawn, area),
  ]);
}

function toPoints(figures: readonly Figure[], series: Series): Point[] {
  return figures
    .flatMap(({ point, found }) =>
      point?.series === series && 'median' in found
        ? [{ bytes: point.contextBytes, milliseconds: found.median }]
        : [],
    )
    .sort((left, right) => left.bytes - right.bytes);
}

function createTimeTicks([from, to]: readonly [number, number], toY: Scale): readonly Tick[] {
  const ticks: Tick[] = [];
  for (let value = from; value <= to * 1.001; value *= 10) {
    const text = value >= 1_000 ? `${value / 1_000} s` : `${Number(value.toPrecision(1))} ms`;
    ticks.push([toY(value), text]);
  }
  return ticks;
}
