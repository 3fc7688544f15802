// Dates as days since 1970, written as the benchmark writes them: `Jan 06, 2023`.

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayMs = 86_400_000;

export function toDay(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs;
}

export function formatDay(day: number): string {
  const date = new Date(day * dayMs);
  const month = months[date.getUTCMonth()] ?? '';
  const name = month.charAt(0).toUpperCase() + month.slice(1);
  return `${name} ${String(date.getUTCDate()).padStart(2, '0')}, ${date.getUTCFullYear()}`;
}

const month = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?';
const forms = [
  {
    pattern: new RegExp(`\\b${month}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})\\b`, 'giu'),
    order: 'mdy',
  },
  {
    pattern: new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?\\s+${month},?\\s+(\\d{4})\\b`, 'giu'),
    order: 'dmy',
  },
  { pattern: /\b(\d{4})-(\d{2})-(\d{2})\b/gu, order: 'ymd' },
  { pattern: /\b(\d{1,2})\/(\d{1,2})\/(\d{4})\b/gu, order: 'mdy' },
] as const;

/** The different days that a text names, as words, ISO or American numbers. */
export function findDays(text: string): readonly number[] {
  const days = forms.flatMap(({ pattern, order }) =>
    [...text.matchAll(pattern)].map((match) => {
      const part = (letter: string): string => match[order.indexOf(letter) + 1] ?? '';
      return toDay(Number(part('y')), toMonth(part('m')), Number(part('d')));
    }),
  );
  return [...new Set(days)];
}

function toMonth(text: string): number {
  const named = months.indexOf(text.slice(0, 3).toLowerCase());
  return named < 0 ? Number(text) : named + 1;
}
