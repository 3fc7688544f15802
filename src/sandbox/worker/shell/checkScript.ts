// What the shell's engine takes for something else than bash does, without a word, is looked for in the text of a script.

import { unsupported } from './commandLine';

const quoted = /'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]/gu;
const misread: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/[*?\]]\/+(?=[\s;|&)<>]|$)/u, 'a pattern that ends with a slash'],
  [
    /\b(?:cd|pushd|popd)\b[\s\S]*?(?:[)}]|\b(?:done|fi|esac))\s*\d*&?>/u,
    'the output of a group that changes its folder, put into a file',
  ],
  [
    /\(\([^()]*?(?:[-+/%&|^]\s*[*/%]|\*\s+[*/%]|\*\*\s*[*/%])/u,
    'arithmetic with two operators side by side',
  ],
  [/^(?![\s\S]*<<)[\s\S]*[^|]\|[ \t]+\|(?!\|)/u, 'a pipe without a command'],
  [/\bglobstar\b[\s\S]*\*\*(?=[\s;]|$)/u, 'a pattern that is ** alone'],
  [/\bwait\s+x?\$/u, 'the status of a command in the background'],
  [/\bshopt\b[^\n;]*\bnocaseglob\b/u, 'nocaseglob'],
];

/** A shell puts in what it was before, the engine what it is set to. */
const earlyAssignment =
  /(?:^|[;&|(\n])[ \t]*(?:\w+=\S*[ \t]+)*?([A-Za-z_]\w*)=(?:"[^"]*"|[^\s;&|"()]*)[ \t]+(?:\w+=\S*[ \t]+)*(?![\w]+=)[^\s;&|#][^;&|\n]*\$\{?\1(?!\w)/u;

/** @throws CommandFailure */
export function checkScript(script: string): void {
  const bare = script.replace(quoted, 'x');
  const found = misread.find(([pattern]) => pattern.test(bare));
  if (found) {
    throw unsupported(found[1]);
  }
  if (
    /\{[^\s{}]*\\[,{}][^\s{}]*\}/u.test(script.replace(/'[^']*'|"(?:\\[\s\S]|[^"\\])*"/gu, 'x'))
  ) {
    throw unsupported('a backslash in braces');
  }
  if (earlyAssignment.test(script.replace(/'[^']*'/gu, 'x'))) {
    throw unsupported('a variable that is set for one command and used in its words');
  }
}
