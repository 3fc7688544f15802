// The parts of a plot as SVG that suits a light and a dark page: scales, axes, curves with their names.

export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** On a light page and on a dark one. */
export type Colour = readonly [string, string];

export interface Curve {
  readonly name: string;
  /** Its colour's place in the list that `createSvg` gets. */
  readonly colour: number;
  readonly points: readonly (readonly [number, number])[];
}

export type Scale = (value: number) => number;
type Range = readonly [number, number];

const labelSpacing = 19;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** For those who do not see it. */
  readonly title: string;
  readonly colours: readonly Colour[];
}

export function createSvg(picture: Picture, parts: readonly string[]): string {
  const { width, height, title, colours } = picture;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}</title>`,
    `<style>${createStyle(colours)}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function createStyle(colours: readonly Colour[]): string {
  const paint = (theme: 0 | 1): string =>
    colours
      .map(
        (colour, index) => `.l${index}{stroke:${colour[theme]}}.f${index}{fill:${colour[theme]}}`,
      )
      .join('');
  return [
    'text{font:13px system-ui,sans-serif;fill:#334155}.heading{font-size:16px;font-weight:600}',
    '.page{fill:#ffffff}.grid{stroke:#e2e8f0}.line{fill:none;stroke-width:2.5}.lead{stroke-width:1;opacity:.6}',
    paint(0),
    '@media (prefers-color-scheme:dark){text{fill:#cbd5e1}.page{fill:#0f172a}.grid{stroke:#334155}',
    `${paint(1)}}`,
  ].join('');
}

export function createScale([from, to]: Range, [start, end]: Range): Scale {
  return (value) => round(start + (end - start) * ((value - from) / (to - from)));
}

export function createLogScale([from, to]: Range, [start, end]: Range): Scale {
  const span = Math.log10(to / from);
  return (value) => round(start + (end - start) * (Math.log10(value / from) / span));
}

export function drawHeading(text: string, area: Area): string {
  return `<text class="heading" x="${area.left}" y="${area.top - 26}">${text}</text>`;
}

/** A tick is a position and its text. */
export type Tick = readonly [number, string];

export function drawYAxis(ticks: readonly Tick[], area: Area): string[] {
  return ticks.flatMap(([y, text]) => [
    `<line class="grid" x1="${area.left}" y1="${y}" x2="${area.right}" y2="${y}"/>`,
    `<text x="${area.left - 8}" y="${y + 4}" text-anchor="end">${text}</text>`,
  ]);
}

export function drawXAxis(ticks: readonly Tick[], area: Area): string[] {
  return ticks.flatMap(([x, text]) => [
    `<line class="grid" x1="${x}" y1="${area.top}" x2="${x}" y2="${area.bottom}"/>`,
    `<text x="${x}" y="${area.bottom + 22}" text-anchor="middle">${text}</text>`,
  ]);
}

/** Each with its name to the right of its end. */
export function drawCurves(curves: readonly Curve[], area: Area): string[] {
  const labels = spreadOut(
    curves.map(({ points }) => points.at(-1)?.[1] ?? area.bottom),
    area,
  );
  return curves.flatMap((curve, index) => drawCurve(curve, labels[index] ?? area.top, area));
}

function drawCurve({ name, colour, points }: Curve, labelY: number, area: Area): string[] {
  const [endX, endY] = points.at(-1) ?? [area.right, labelY];
  const labelX = area.right + 22;
  return [
    `<polyline class="line l${colour}" points="${points.map(([x, y]) => `${x},${y}`).join(' ')}"/>`,
    ...points.map(([x, y]) => `<circle class="f${colour}" cx="${x}" cy="${y}" r="3.5"/>`),
    `<line class="lead l${colour}" x1="${endX + 6}" y1="${endY}" x2="${labelX - 4}" y2="${round(labelY)}"/>`,
    `<text class="f${colour}" x="${labelX}" y="${round(labelY + 4)}">${name}</text>`,
  ];
}

/** Positions as near as may be to the wanted ones, none closer than a line of text to the next. */
function spreadOut(wanted: readonly number[], area: Area): readonly number[] {
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

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
