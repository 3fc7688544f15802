// Stems of English words, so that a search for one form finds the others.
// Source: M. F. Porter, "An algorithm for suffix stripping", Program 14 (3), 1980.

const consonant = '(?:[^aeiouy]|(?<![^aeiou])y)';
const vowel = '(?:[aeiou]|(?<=[^aeiou])y)';
/** The measure of a stem: how often a vowel is followed by a consonant. */
const isLongerThan = (measure: number): RegExp =>
  new RegExp(`^${consonant}*(?:${vowel}+${consonant}+){${measure + 1}}`);
const over0 = isLongerThan(0);
const over1 = isLongerThan(1);
const is1 = new RegExp(`^${consonant}*${vowel}+${consonant}+${vowel}*$`);
const hasVowel = new RegExp(vowel);
/** Consonant, vowel, consonant, and the last is none of w, x, y. */
const endsShort = new RegExp(`${consonant}${vowel}(?![wxy])${consonant}$`);
const endsDouble = /([^aeiou])\1$/;

type Rules = readonly (readonly [suffix: string, instead: string])[];

const step2: Rules = [
  ...([
    ['ational', 'ate'],
    ['tional', 'tion'],
    ['enci', 'ence'],
    ['anci', 'ance'],
    ['izer', 'ize'],
  ] as const),
  ...([
    ['abli', 'able'],
    ['alli', 'al'],
    ['entli', 'ent'],
    ['eli', 'e'],
    ['ousli', 'ous'],
  ] as const),
  ...([
    ['ization', 'ize'],
    ['ation', 'ate'],
    ['ator', 'ate'],
    ['alism', 'al'],
  ] as const),
  ...([
    ['iveness', 'ive'],
    ['fulness', 'ful'],
    ['ousness', 'ous'],
    ['aliti', 'al'],
  ] as const),
  ...([
    ['iviti', 'ive'],
    ['biliti', 'ble'],
  ] as const),
];
const step3: Rules = [
  ...([
    ['icate', 'ic'],
    ['ative', ''],
    ['alize', 'al'],
    ['iciti', 'ic'],
  ] as const),
  ...([
    ['ical', 'ic'],
    ['ful', ''],
    ['ness', ''],
  ] as const),
];
const step4 = [
  ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent', 'ion', 'ou'],
  ...['ism', 'ate', 'iti', 'ous', 'ive', 'ize'],
].map((suffix) => [suffix, ''] as const);

/** Of a word in small letters of ASCII; shorter ones than three letters are their own stem. */
export function stemWord(word: string): string {
  if (word.length < 3) {
    return word;
  }
  const plural = dropPlural(word);
  const tense = dropTense(plural);
  const withI =
    /y$/.test(tense) && hasVowel.test(tense.slice(0, -1)) ? `${tense.slice(0, -1)}i` : tense;
  const short = replaceEnd(replaceEnd(withI, step2, over0), step3, over0);
  return tidyEnd(replaceEnd(short, step4, over1));
}

function dropPlural(word: string): string {
  return /(?:ss|i)es$/.test(word) ? word.slice(0, -2) : word.replace(/([^s])s$/, '$1');
}

function dropTense(word: string): string {
  if (word.endsWith('eed')) {
    return over0.test(word.slice(0, -3)) ? word.slice(0, -1) : word;
  }
  const stem = word.replace(/(?:ed|ing)$/, '');
  if (stem === word || !hasVowel.test(stem)) {
    return word;
  }
  if (/(?:at|bl|iz)$/.test(stem)) {
    return `${stem}e`;
  }
  if (endsDouble.test(stem) && !/[lsz]$/.test(stem)) {
    return stem.slice(0, -1);
  }
  return is1.test(stem) && endsShort.test(stem) ? `${stem}e` : stem;
}

/** The longest suffix that fits decides, also where its stem is too short. */
function replaceEnd(word: string, rules: Rules, isLong: RegExp): string {
  const fitting = rules
    .filter(([suffix]) => word.endsWith(suffix))
    .toSorted(([left], [right]) => right.length - left.length)[0];
  if (fitting === undefined) {
    return word;
  }
  const [suffix, instead] = fitting;
  const stem = word.slice(0, -suffix.length);
  const mayGo = suffix !== 'ion' || /[st]$/.test(stem);
  return mayGo && isLong.test(stem) ? stem + instead : word;
}

function tidyEnd(word: string): string {
  const stem = word.endsWith('e') ? word.slice(0, -1) : word;
  const isLong = over1.test(stem) || (is1.test(stem) && !endsShort.test(stem));
  const rest = isLong ? stem : word;
  return rest.endsWith('ll') && over1.test(rest.slice(0, -1)) ? rest.slice(0, -1) : rest;
}
