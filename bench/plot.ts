// The plot of step times over context sizes, as an SVG that suits a light and a dark page.

import { type Figure, type Series, seriesNames } from './figure';

interface Point {
  readonly bytes: number;
  readonly milliseconds: number;
}

const width = 880;
const height = 460;
const area = { left: 72, right: 620, top: 56, bottom: 400 };
const sizeRange = [1e3, 4e8] as const;
const sizeTicks: readonly (readonly [number, string])[] = [
  [1e3, '1 KB'],
  [1e4, '10 KB'],
  [1e5, '100 KB'],
  [1e6, '1 MB'],
  [1e7, '10 MB'],
  [1e8, '100 MB'],
  [4e8, '400 MB'],
];
const labelSpacing = 19;

/** Light and dark page: colours that keep apart for people who see few of them. */
const colours: Readonly<Record<Series, readonly [string, string]>> = {
  'fresh Python process per step': ['#c2410c', '#fb923c'],
  'MCP over HTTP': ['#7c3aed', '#c4b5fd'],
  'MCP over stdio': ['#0369a1', '#7dd3fc'],
  'Python session': ['#15803d', '#4ade80'],
  'JavaScript session': ['#a16207', '#facc15'],
  'exec in one native process': ['#64748b', '#94a3b8'],
};

export function createPlot(figures: readonly Figure[]): string {
  const curves = seriesNames
    .map((series) => ({ series, points: toPoints(figures, series) }))
    .filter(({ points }) => points.length > 0);
  const times = curves.flatMap(({ points }) => points.map(({ milliseconds }) => milliseconds));
  const timeRange = [
    10 ** Math.floor(Math.log10(Math.min(...times))),
    10 ** Math.ceil(Math.log10(Math.max(...times))),
  ] as const;
  const toX = createScale(sizeRange, [area.left, area.right]);
  const toY = createScale(timeRange, [area.bottom, area.top]);
  const ends = curves.map(({ points }) => toY(points.at(-1)?.milliseconds ?? timeRange[0]));
  const labels = spreadOut(ends);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Time of a step that leaves the context alone, by size of the context; both axes are logarithmic</title>',
    `<style>${createStyle()}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    `<text class="heading" x="${area.left}" y="30">Time of a step, by size of the context</text>`,
    ...drawTimeAxis(timeRange, toY),
    ...drawSizeAxis(toX),
    ...curves.flatMap(({ series, points }, index) =>
      drawCurve(
        series,
        points.map(({ bytes, milliseconds }) => [toX(bytes), toY(milliseconds)] as const),
        labels[index] ?? area.top,
      ),
    ),
    '</svg>',
    '',
  ].join('\n');
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

function createScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  const span = Math.log10(to / from);
  return (value) => round(start + (end - start) * (Math.log10(value / from) / span));
}

/** Positions as near as may be to the wanted ones, none closer than a line of text to the next. */
function spreadOut(wanted: readonly number[]): readonly number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((left, right) => left.y - right.y);
  const placed: number[] = [];
  const highest = area.bottom - (order.length - 1) * labelSpacing;
  let next = area.top;
  for (const [rank, { y, index }] of order.entries()) {
    const at = Math.max(next, Math.min(y, highest + rank * labelSpacing));
    placed[index] = at;
    next = at + labelSpacing;
  }
  return placed;
}

function createStyle(): string {
  const paint = (theme: 0 | 1): string =>
    seriesNames
      .map((series, index) => {
        const colour = colours[series][theme];
        return `.l${index}{stroke:${colour}}.f${index}{fill:${colour}}`;
      })
      .join('');
  return [
    'text{font:13px system-ui,sans-serif;fill:#334155}.heading{font-size:16px;font-weight:600}',
    '.page{fill:#ffffff}.grid{stroke:#e2e8f0}.line{fill:none;stroke-width:2.5}.lead{stroke-width:1;opacity:.6}',
    paint(0),
    '@media (prefers-color-scheme:dark){text{fill:#cbd5e1}.page{fill:#0f172a}.grid{stroke:#334155}',
    `${paint(1)}}`,
  ].join('');
}

function drawTimeAxis(
  [from, to]: readonly [number, number],
  toY: (value: number) => number,
): string[] {
  const drawn: string[] = [];
  for (let value = from; value <= to * 1.001; value *= 10) {
    const y = toY(value);
    const text = value >= 1_000 ? `${value / 1_000} s` : `${Number(value.toPrecision(1))} ms`;
    drawn.push(
      `<line class="grid" x1="${area.left}" y1="${y}" x2="${area.right}" y2="${y}"/>`,
      `<text x="${area.left - 8}" y="${y + 4}" text-anchor="end">${text}</text>`,
    );
  }
  return drawn;
}

function drawSizeAxis(toX: (value: number) => number): string[] {
  return sizeTicks.flatMap(([bytes, text]) => [
    `<line class="grid" x1="${toX(bytes)}" y1="${area.top}" x2="${toX(bytes)}" y2="${area.bottom}"/>`,
    `<text x="${toX(bytes)}" y="${area.bottom + 22}" text-anchor="middle">${text}</text>`,
  ]);
}

function drawCurve(
  series: Series,
  points: readonly (readonly [number, number])[],
  labelY: number,
): string[] {
  const index = seriesNames.indexOf(series);
  const [endX, endY] = points.at(-1) ?? [area.right, labelY];
  const labelX = area.right + 22;
  return [
    `<polyline class="line l${index}" points="${points.map(([x, y]) => `${x},${y}`).join(' ')}"/>`,
    ...points.map(([x, y]) => `<circle class="f${index}" cx="${x}" cy="${y}" r="3.5"/>`),
    `<line class="lead l${index}" x1="${endX + 6}" y1="${endY}" x2="${labelX - 4}" y2="${round(labelY)}"/>`,
    `<text class="f${index}" x="${labelX}" y="${round(labelY + 4)}">${series}</text>`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
