// Answers what a guest asks about languages and time zones, by the realm's own Intl: JSON in, JSON out. The
// defaults are en-US and UTC whatever the machine has, so that the same code gives the same on each.

/** A value as the guest sends it. */
type Sent =
  | readonly ['number' | 'bigint' | 'text', string]
  | readonly ['list', readonly string[]]
  | readonly ['undefined', ''];

interface IntlRequest {
  /** A class of Intl; or `date`, `upper`, `lower`, `supported`, `canonical`, `values`. */
  readonly kind: string;
  readonly method: string;
  /** Null: the default. */
  readonly locales: readonly string[] | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly values: readonly Sent[];
}

type Method = (...values: unknown[]) => unknown;
type DateMethod = 'toLocaleString' | 'toLocaleDateString' | 'toLocaleTimeString';

const defaultLocale = 'en-US';
/** Formatters of ICU take some 100 KB each, outside of all heaps. */
const maxFormatters = 50;
const formats = ['format', 'formatToParts', 'formatRange', 'formatRangeToParts', 'resolvedOptions'];

/** Class → the methods that may be asked for. */
const offered: ReadonlyMap<string, readonly string[]> = new Map([
  ['DateTimeFormat', formats],
  ['NumberFormat', formats],
  ['Collator', ['compare', 'resolvedOptions']],
  ['PluralRules', ['select', 'selectRange', 'resolvedOptions']],
  ['ListFormat', ['format', 'formatToParts', 'resolvedOptions']],
  ['RelativeTimeFormat', ['format', 'formatToParts', 'resolvedOptions']],
  ['DisplayNames', ['of', 'resolvedOptions']],
]);

const dateParts = ['weekday', 'year', 'month', 'day'];
const timeParts = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'];
const numericDate = { year: 'numeric', month: 'numeric', day: 'numeric' };
const numericTime = { hour: 'numeric', minute: 'numeric', second: 'numeric' };

export class LocaleAnswers {
  readonly #formatters = new Map<string, { readonly id: number; readonly formatter: object }>();
  readonly #collators = new Map<number, Intl.Collator>();
  #nextId = 0;

  /** `{ value }` or `{ error: { type, message } }`; of a comparison with the collator's `id`. */
  answer(json: string): string {
    try {
      return JSON.stringify(this.#answer(JSON.parse(json) as IntlRequest)); // the runner's own JSON
    } catch (error) {
      const { name: type, message } = error instanceof Error ? error : new Error(String(error));
      return JSON.stringify({ error: { type, message: message.slice(0, 1_000) } });
    }
  }

  /** Undefined where the collator has been let go: ask by `answer` then. */
  compare(collatorId: number, left: string, right: string): number | undefined {
    return this.#collators.get(collatorId)?.compare(left, right);
  }

  #answer(request: IntlRequest): { readonly value: unknown; readonly id?: number } {
    const { kind, method, options } = request;
    const locales = checkLocales(request.locales);
    const values = request.values.map(receive);
    const [first] = values;
    switch (kind) {
      case 'upper':
        return { value: String(first).toLocaleUpperCase(locales ?? defaultLocale) };
      case 'lower':
        return { value: String(first).toLocaleLowerCase(locales ?? defaultLocale) };
      case 'canonical':
        return { value: Intl.getCanonicalLocales(locales ?? []) };
      case 'values':
        return { value: Intl.supportedValuesOf(String(first) as 'currency') }; // checks it itself
      case 'supported':
        return { value: Intl.DateTimeFormat.supportedLocalesOf(locales ?? [], options) };
      case 'date':
        return { value: this.#formatDate(method as DateMethod, locales, options, Number(first)) }; // the runner's own
      default:
        return this.#callMethod(kind, method, values, { locales, options });
    }
  }

  #callMethod(
    kind: string,
    method: string,
    values: readonly unknown[],
    { locales, options }: { locales: string[] | null; options: IntlRequest['options'] },
  ): { readonly value: unknown; readonly id: number } {
    if (offered.get(kind)?.includes(method) !== true) {
      throw new TypeError(`Intl.${kind} has no ${method} here.`);
    }
    const { id, formatter } = this.#createFormatter(kind, locales, options);
    const call = Reflect.get(formatter, method) as Method; // offered
    return { value: call.apply(formatter, [...values]), id };
  }

  /** As the methods of dates choose what is shown of them. */
  #formatDate(
    method: DateMethod,
    locales: string[] | null,
    options: Readonly<Record<string, unknown>>,
    time: number,
  ): string {
    const all = { timeZone: 'UTC', ...options };
    const isStyled = 'dateStyle' in options || 'timeStyle' in options;
    if (isStyled) {
      const date = new Date(0);
      date[method](locales ?? defaultLocale, all); // throws for styles that it has no place for
    }
    const wanted = {
      toLocaleString: [...dateParts, ...timeParts],
      toLocaleDateString: dateParts,
      toLocaleTimeString: timeParts,
    }[method];
    const isChosen = isStyled || wanted.some((part) => part in options);
    const shown = {
      ...all,
      ...(isChosen || method === 'toLocaleTimeString' ? {} : numericDate),
      ...(isChosen || method === 'toLocaleDateString' ? {} : numericTime),
    };
    const { formatter } = this.#createFormatter('DateTimeFormat', locales, shown);
    return (formatter as Intl.DateTimeFormat).format(time); // of that kind
  }

  #createFormatter(
    kind: string,
    locales: readonly string[] | null,
    options: Readonly<Record<string, unknown>>,
  ): { readonly id: number; readonly formatter: object } {
    const key = JSON.stringify([kind, locales, options]);
    const known = this.#formatters.get(key);
    if (known) {
      return known;
    }
    requireData(locales);
    // Without it, the machine's own locale would follow.
    const wanted = [...(locales ?? []), defaultLocale];
    const Formatter = Reflect.get(Intl, kind) as new (...values: unknown[]) => object; // offered
    const zone = kind === 'DateTimeFormat' ? { timeZone: 'UTC' } : {};
    const formatter = new Formatter(wanted, { ...zone, ...options });
    if (this.#formatters.size >= maxFormatters) {
      this.#formatters.clear();
      this.#collators.clear();
    }
    const made = { id: this.#nextId++, formatter };
    this.#formatters.set(key, made);
    if (formatter instanceof Intl.Collator) {
      this.#collators.set(made.id, formatter);
    }
    return made;
  }
}

function receive([type, text]: Sent): unknown {
  switch (type) {
    case 'number':
      return Number(text);
    case 'bigint':
      return BigInt(text);
    case 'text':
    case 'list':
      return text;
    case 'undefined':
      return undefined;
  }
}

/** @throws RangeError for what is no tag of a language. */
function checkLocales(locales: readonly string[] | null): string[] | null {
  for (const locale of locales ?? []) {
    try {
      Intl.getCanonicalLocales(locale);
    } catch {
      throw new RangeError(`"${locale}" is no language tag: write it as in "en-US" or "de"`);
    }
  }
  return locales === null || locales.length === 0 ? null : [...locales];
}

/** @throws RangeError where there is data for none: the answer would be of another language without a word. */
function requireData(locales: readonly string[] | null): void {
  if (locales !== null && Intl.DateTimeFormat.supportedLocalesOf([...locales]).length === 0) {
    throw new RangeError(
      `there is no data for ${locales.join(', ')}: name a locale that is known, such as "en-US" (Intl.DateTimeFormat.supportedLocalesOf tells which are)`,
    );
  }
}
