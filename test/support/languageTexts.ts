// Texts of many languages out of packages that bring their messages translated, and how each was written
// before UTF-8.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = createRequire(path.resolve('package.json'));

/** Translated messages, one a line; a few hundred KB for the languages of TypeScript, 1 KB for others. */
export function readLanguage(language: string): string {
  const typescript = path.dirname(root.resolve('typescript'));
  try {
    const file = path.join(typescript, language, 'diagnosticMessages.generated.json');
    // Of the package's own file, values are texts.
    const messages = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    return Object.values(messages).join('\n');
  } catch {
    const zod = path.dirname(root.resolve('zod/package.json'));
    const code = readFileSync(path.join(zod, 'v4/locales', `${language}.js`), 'utf8');
    const texts = [...code.matchAll(/["`]([^"`]*[^\0-\x7f][^"`]*)["`]/gu)].map(
      ([, text]) => text ?? '',
    );
    return texts.join('\n').replace(/\$\{[^}]*\}/gu, '42');
  }
}

const western = ['windows-1252', 'cp850', 'macintosh'];
const central = ['windows-1250', 'iso-8859-2', 'cp852'];

export const encodingsByLanguage: Readonly<Record<string, readonly string[]>> = {
  ru: ['windows-1251', 'koi8-r', 'ibm866', 'iso-8859-5', 'x-mac-cyrillic', 'cp855'],
  uk: ['windows-1251', 'koi8-u'],
  be: ['windows-1251'],
  bg: ['windows-1251', 'ibm866'],
  mk: ['windows-1251'],
  cs: central,
  pl: central,
  hu: central,
  sk: central,
  de: [...western, 'cp437'],
  fr: [...western, 'cp437'],
  es: western,
  it: western,
  'pt-br': western,
  da: western,
  sv: western,
  fi: western,
  is: western,
  tr: ['windows-1254', 'cp857'],
  el: ['windows-1253', 'cp737'],
  he: ['windows-1255', 'cp862'],
  ar: ['windows-1256'],
  fa: ['windows-1256'],
  th: ['windows-874'],
  lt: ['windows-1257', 'cp775'],
  ja: ['shift_jis', 'euc-jp'],
  ko: ['euc-kr'],
  'zh-cn': ['gbk'],
  'zh-tw': ['big5'],
};

/** Some lines of it as they stand in an English program's log. */
export function toLogLines(text: string): string {
  return text
    .split('\n')
    .map((line, at) => {
      const id = `${10 + (at % 50)}`;
      return `2026-03-01T12:34:${id}.000Z INFO [worker-${id}] GET /api/v1/users/${at} 200 "${line.slice(0, 60)}"`;
    })
    .join('\n');
}
