// The plot of scores and of what they cost over the length of the texts, means over all tasks.

import {
  type Area,
  type Colour,
  type Curve,
  type Scale,
  type Tick,
  createLogScale,
  createScale,
  createSvg,
  drawCurves,
  drawHeading,
  drawXAxis,
  drawYAxis,
} from '../chart';
import { groupBy, toLengthText, toMean, toMeanCost } from './report';
import type { Result } from './results';

const width = 880;
const height = 720;
const scoreArea = { left: 72, right: 600, top: 56, bottom: 300 };
const costArea = { left: 72, right: 600, top: 396, bottom: 660 };

/** In turn, for whatever was compared. */
const colours: readonly Colour[] = [
  ['#15803d', '#4ade80'],
  ['#c2410c', '#fb923c'],
  ['#0369a1', '#7dd3fc'],
  ['#7c3aed', '#c4b5fd'],
  ['#a16207', '#facc15'],
  ['#64748b', '#94a3b8'],
];

interface Contender {
  readonly name: string;
  /** By length, the shortest first. */
  readonly groups: readonly (readonly [number, readonly Result[]])[];
}

/** At least one result. Costs are tokens where a model gave no prices. */
export function createPlot(results: readonly Result[]): string {
  const contenders = toContenders(results);
  const lengths = [...new Set(results.map(({ chars }) => chars))].sort((a, b) => a - b);
  const range = toWidened(lengths[0] ?? 1, lengths.at(-1) ?? 1);
  const hasPrices = results.every(({ costUsd }) => costUsd !== null);
  const toCost = (group: readonly Result[]): number =>
    hasPrices
      ? (toMeanCost(group) ?? 0)
      : toMean(group, ({ promptTokens, answerTokens }) => promptTokens + answerTokens);
  const costs = contenders.flatMap(({ groups }) => groups.map(([, group]) => toCost(group)));
  const costRange = toPowers(costs.filter((cost) => cost > 0));
  const toScoreY = createScale([0, 1], [scoreArea.bottom, scoreArea.top]);
  const toCostY = createLogScale(costRange, [costArea.bottom, costArea.top]);
  const unit = hasPrices ? 'US dollars' : 'Tokens';
  const draw = (area: Area, toY: (group: readonly Result[]) => number): string[] => {
    const toX = createLogScale(range, [area.left, area.right]);
    return [
      ...drawXAxis(
        lengths.map((chars): Tick => [toX(chars), toLengthText(chars)]),
        area,
      ),
      ...drawCurves(
        contenders.map((one, index) => toCurve(one, index, { toX, toY })),
        area,
      ),
    ];
  };
  const title = `Mean score and ${unit.toLowerCase()} per case, by length of the text in characters`;
  return createSvg({ width, height, title, colours }, [
    drawHeading('Score, by length of the text in characters', scoreArea),
    ...drawYAxis(
      [0, 0.25, 0.5, 0.75, 1].map((score): Tick => [toScoreY(score), String(score)]),
      scoreArea,
    ),
    ...draw(scoreArea, (group) => toScoreY(toMean(group, ({ score }) => score))),
    drawHeading(`${unit} per case, by length of the text in characters`, costArea),
    ...drawYAxis(toCostTicks(costRange, toCostY), costArea),
    ...draw(costArea, (group) => toCostY(Math.max(costRange[0], toCost(group)))),
  ]);
}

function toContenders(results: readonly Result[]): readonly Contender[] {
  const byName = groupBy(results, ({ runner, model }) => `${runner}, ${model}`);
  return [...byName].map(([name, own]) => ({
    name,
    groups: [...groupBy(own, ({ chars }) => chars)].sort(([left], [right]) => left - right),
  }));
}

function toCurve(
  { name, groups }: Contender,
  index: number,
  { toX, toY }: { readonly toX: Scale; readonly toY: (group: readonly Result[]) => number },
): Curve {
  const points = groups.map(([chars, group]) => [toX(chars), toY(group)] as const);
  return { name, colour: index % colours.length, points };
}

/** One length alone stands in the middle. */
function toWidened(from: number, to: number): readonly [number, number] {
  return from === to ? [from / 2, to * 2] : [from, to];
}

/** The powers of ten around the values. */
function toPowers(values: readonly number[]): readonly [number, number] {
  const from = 10 ** Math.floor(Math.log10(Math.min(...values, 1e6)));
  return [from, Math.max(from * 10, 10 ** Math.ceil(Math.log10(Math.max(...values, 1e-6))))];
}

function toCostTicks([from, to]: readonly [number, number], toY: Scale): readonly Tick[] {
  const ticks: Tick[] = [];
  for (let value = from; value <= to * 1.001; value *= 10) {
    ticks.push([
      toY(value),
      Number(value.toPrecision(1)).toLocaleString('en', {
        notation: 'compact',
        maximumSignificantDigits: 3,
      }),
    ]);
  }
  return ticks;
}
