// What the shell's engine takes for something else than bash does, without a word, is looked for in the text of a script.

import { unsupported } from './commandLine';

const quoted = /'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]/gu;
const misread: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/[*?\]]\/+(?=[\s;|&)<>]|$)/u, 'a pattern that ends with a slash'],
  [
    /\b(?:cd|pushd|popd)\b[\s\S]*?(?:[)}]|\b(?:done|fi|esac))\s*\d*&?>/u,
    'the output of a group that changes its folder, put into a file',
  ],
  [/\bshopt\b[^\n;]*\bnocaseglob\b/u, 'nocaseglob'],
];

/** @throws CommandFailure */
export function checkScript(script: string): void {
  const bare = script.replace(quoted, 'x');
  const found = misread.find(([pattern]) => pattern.test(bare));
  if (found) {
    throw unsupported(found[1]);
  }
}
