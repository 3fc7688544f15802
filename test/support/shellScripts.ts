// Lines of a script at random, by kinds of what they use: of each, any that this generator makes must do the same in the
// shell of WebAssembly as in bash, or be refused with a word.

import fc from 'fast-check';

type Words = fc.Arbitrary<string>;

const one = (...words: readonly string[]): Words => fc.constantFrom(...words);
const join = (parts: readonly Words[], by = ' '): Words =>
  fc.tuple(...parts).map((words) => words.filter((word) => word !== '').join(by));
const some = (word: Words, { min = 1, max = 3, by = ' ' } = {}): Words =>
  fc.array(word, { minLength: min, maxLength: max }).map((words) => words.join(by));
const maybe = (word: Words): Words => fc.oneof({ weight: 2, arbitrary: one('') }, word);
const quoted = (word: Words): Words => word.map((text) => `'${text.replaceAll("'", "'\\''")}'`);
const options = (...letters: readonly string[]): Words =>
  fc
    .subarray([...letters], { maxLength: Math.min(letters.length, 3) })
    .map((chosen) => chosen.join(' '));

const textFile = one('a.txt', 'n.txt', 'u.txt', 'c.csv', 'nolf.txt', 'empty.txt', 'tabs.tsv');
const anyFile = fc.oneof(
  { weight: 5, arbitrary: textFile },
  one('log.txt', "'sp ace.txt'", 'missing', 'dir', 'dir/x.log', '-', 'a.txt/'),
);
const inputs = fc.oneof(
  some(anyFile),
  textFile.map((file) => `< ${file}`),
);
const number = fc.integer({ min: 0, max: 12 }).map(String);
/** Bytes of every kind, as `printf` and `echo -e` make them. */
const bytes = some(
  fc.oneof(
    { weight: 4, arbitrary: one('a', 'b', 'A', 'apple', ' ', '1', '\\n', '\\n', '\\t', 'é', 'ß') },
    one('\\r\\n', '\\x01', '\\0', '\\xff', '\\xc3', '😀', 'İ', 'ſ', 'ǆ', 'Σ', '\\x7f', '٣', '́'),
  ),
  { max: 8, by: '' },
);
const piped = (command: Words): Words =>
  fc.tuple(bytes, command).map(([text, words]) => `echo -en '${text}' | ${words}`);
const ended = (command: Words): Words => command.map((line) => `${line}; echo $?`);

const charSet = one(
  '[ab]',
  '[^a]',
  '[a-f]',
  '[[:alpha:]]',
  '[^[:digit:] ]',
  '[[:upper:]]',
  '[]a]',
  '[a^-]',
);
const atom = fc.oneof(
  { weight: 4, arbitrary: one('a', 'b', 'p', 'n', '1', ' ', '.', 'é') },
  charSet,
  one('\\.', '\\w', '\\W', '\\s', '\\b', '\\<', '^', '$', '\\n', '/', '\\/'),
);
const extendedPattern: Words = fc.letrec<{ all: string; piece: string }>((tie) => ({
  all: some(tie('piece'), { max: 3, by: '' }),
  piece: fc.oneof(
    { maxDepth: 2, depthSize: 'small', withCrossShrink: true },
    join([atom, maybe(one('*', '+', '?', '{2}', '{1,2}', '{,2}'))], ''),
    fc.tuple(tie('all'), tie('all')).map(([left, right]) => `(${left}|${right})`),
    fc
      .tuple(tie('all'), maybe(one('*', '+', '?', '{2}')))
      .map(([inside, end]) => `(${inside})${end}`),
  ),
})).all;
const basicPattern: Words = fc.letrec<{ all: string; piece: string }>((tie) => ({
  all: some(tie('piece'), { max: 3, by: '' }),
  piece: fc.oneof(
    { maxDepth: 2, depthSize: 'small', withCrossShrink: true },
    join([atom, maybe(one('*', '\\+', '\\?', '\\{2\\}', '\\{1,2\\}'))], ''),
    one('*', '+', '(', '|', '?', '{'),
    fc.tuple(tie('all'), tie('all')).map(([left, right]) => `\\(${left}\\|${right}\\)`),
    fc.tuple(tie('all'), maybe(one('*', '\\1'))).map(([inside, end]) => `\\(${inside}\\)${end}`),
  ),
})).all;

const grepOptions = options(
  ...['-c', '-i', '-n', '-v', '-o', '-w', '-x', '-l', '-L', '-h', '-H', '-q', '-s', '-a'],
  ...['-m1', '-m2', '-A1', '-B1', '-C1', '-A2'],
);
const grepPattern = fc.oneof(
  quoted(basicPattern),
  quoted(extendedPattern).map((text) => `-E ${text}`),
  quoted(some(one('a', 'an', 'apple', '.', '1', '\\'), { by: '' })).map((text) => `-F ${text}`),
  fc
    .tuple(quoted(basicPattern), quoted(basicPattern))
    .map(([left, right]) => `-e ${left} -e ${right}`),
);
const grep = fc.oneof(
  { weight: 2, arbitrary: ended(join([one('grep'), grepOptions, grepPattern, some(anyFile)])) },
  ended(piped(join([one('grep'), grepOptions, grepPattern]))),
);

const address = fc.oneof(
  one(
    '',
    '',
    '1',
    '2',
    '$',
    '2,4',
    '2,$',
    '0~2',
    '1~2',
    '2,+1',
    '3,1',
    '1!',
    '$!',
    '/an/',
    '/an/,/ch/',
  ),
  one('/an/,2', '2,/a/', '/apple/I', '/^$/', '1,3!', '\\,a,'),
);
const replacement = some(
  one(
    'X',
    '&',
    '\\n',
    '\\&',
    ' ',
    '\\U&',
    '\\L&',
    '\\u&',
    '\\l&',
    '\\E',
    'é',
    '\\t',
    '/|'.charAt(1),
  ),
  { min: 0, max: 4, by: '' },
);
const grouped = some(one('\\1', '\\2', '&', '-', '\\U\\1', '\\E'), { min: 1, max: 3, by: '' });
const unslashed = (pattern: Words): Words =>
  pattern.map((text) => text.replaceAll(/\\?\//gu, '\\/'));
const substitute = fc.oneof(
  fc
    .tuple(unslashed(basicPattern), replacement, one('', 'g', '2', 'p', 'I', '2g', 'gp'))
    .map(([from, to, flags]) => `s/${from}/${to}/${flags}`),
  fc
    .tuple(unslashed(basicPattern), unslashed(basicPattern), grouped, one('', 'g'))
    .map(([first, second, to, flags]) => `s/\\(${first}\\)\\(${second}\\)/${to}/${flags}`),
);
const sedCommand = fc.oneof(
  { weight: 3, arbitrary: substitute },
  one('p', 'd', 'P', 'D', 'n', 'N', 'h', 'H', 'g', 'G', 'x', '=', 'q', 'q3', 'Q'),
  one('y/abc/xyz/', 'y/a/é/', 'a text', 'i text', 'c text', 'a\\  text', 'b', 't', 'T'),
  one('{p;d}', '{s/a/b/;p}', 's//Y/', 'ba;:a'),
);
const sedScript = some(join([address, sedCommand], ''), { max: 3, by: ';' });
const sed = fc.oneof(
  ended(join([one('sed'), options('-n', '-s'), quoted(sedScript), some(textFile, { max: 2 })])),
  ended(join([one('sed -n', 'sed'), quoted(sedScript).map((text) => `-e ${text}`), anyFile])),
  fc
    .tuple(extendedPattern, extendedPattern, grouped, one('', 'g'), textFile)
    .map(
      ([first, second, to, flags, file]) =>
        `sed -E 's|(${first.replaceAll('|', '\\|')})(${second.replaceAll('|', '')})|${to}|${flags}' ${file}`,
    ),
  fc
    .tuple(unslashed(extendedPattern), replacement, one('', 'g'), textFile)
    .map(([from, to, flags, file]) => `sed -E 's/${from}/${to}/${flags}' ${file}`),
  join([one('sed -i'), quoted(sedScript), some(textFile, { max: 2 })]).map(
    (line) => `${line}; echo $?`,
  ),
  ended(piped(join([one('sed', 'sed -n'), quoted(sedScript)]))),
);

const sortKey = join(
  [
    one('-k'),
    one('1', '2', '1.2', '2.2', '3'),
    one('', 'n', 'r', 'b', 'f', 'nr'),
    maybe(join([one(',1', ',2', ',2.1', ',1.3'), one('', 'n', 'b', 'r')], '')),
  ],
  '',
);
const sort = ended(
  join([
    one('sort'),
    options('-n', '-r', '-u', '-f', '-b', '-s', "-t' '"),
    some(sortKey, { min: 0, max: 2 }),
    fc.oneof(inputs, one("<<< $'b\\na\\nA\\n-1\\n 2\\n\\n.5\\n1e3\\n+4'")),
  ]),
);

const range = one('1', '2', '1-2', '2-', '-2', '1,3', '2,1', '0', '1-3,2', '3-1', '5-', 'a');
const textTool = fc.oneof(
  join([one('cat'), options('-n', '-b', '-s', '-E', '-T', '-A'), inputs]),
  join([
    one('head', 'tail'),
    join([one('-n', '-c', '-n ', '-', '-n +', '-n -', '-c -', '-c +', '--lines='), number], ''),
    inputs,
  ]),
  join([one('head', 'tail'), options('-q', '-v', '-n3', '-n0'), inputs]),
  join([one('tac', 'rev', 'nl', 'nl -ba', 'nl -bt'), inputs]),
  join([one('uniq'), options('-c', '-d', '-u', '-i'), fc.oneof(anyFile, one('a.txt out'))]),
  join([one('wc'), options('-l', '-w', '-c', '-m'), inputs]),
  join([one('comm'), options('-1', '-2', '-3'), textFile, textFile]),
  join([one('paste'), options('-s', '-d,', "-d ',;'", "-d '\\n'", '-d é'), inputs]),
  join([
    one('cut'),
    one('-f', '-c', '-b', '-f ', '-d, -f', "-d ' ' -f", '-s -f', '-s -d: -f'),
    range,
    options('--complement', '--output-delimiter=:', '-s'),
    inputs,
  ]).map((line) => line.replace(/ (\d|-\d|a)/u, '$1')),
  join([
    one('tee', 'tee -a'),
    some(one('out', 'a.txt', 'dir', 'missing/x'), { max: 2 }),
    one('< n.txt'),
  ]),
  join([
    one(
      'base64',
      'base64 -d',
      'base64 -w 5',
      'base64 -di',
      'md5sum',
      'sha1sum',
      'sha256sum',
      'sha512sum',
    ),
    inputs,
  ]),
  join([
    one('seq'),
    options('-w', '-s,', "-s ', '"),
    some(
      fc.oneof(
        fc.integer({ min: -12, max: 12 }).map(String),
        one('0.5', '-.25', '1e1', '1.50', 'x', '010'),
      ),
      { max: 3 },
    ),
  ]),
);
const textPipe = piped(
  fc.oneof(
    join([one('cat'), options('-n', '-b', '-s', '-E', '-T', '-A')]),
    one(
      'wc',
      'wc -w',
      'wc -m',
      'wc -l',
      'wc -c',
      'wc -lw',
      'tac',
      'rev',
      'nl',
      'uniq -c',
      'uniq -i',
      'sort',
      'sort -u',
      'sort -f',
      'sort -n',
    ),
    one(
      'head -1',
      'head -c 3',
      'tail -1',
      'tail -c 2',
      'cut -c1-2',
      'cut -f1',
      'paste -s',
      'paste - -',
      'base64',
      'md5sum',
      'tail -n +2',
      'head -n -1',
    ),
    one(
      'xargs',
      'xargs -n1',
      'xargs -n1 echo x',
      'xargs -I{} echo "<{}>"',
      "xargs -d '\\n'",
      'xargs -0',
      'xargs -r echo a',
    ),
    join([
      one('tr'),
      options('-d', '-s', '-c'),
      some(
        quoted(
          one(
            'a-z',
            'A-Z',
            'ab',
            'é',
            '[:lower:]',
            '[:upper:]',
            '[:digit:]',
            '[:space:]',
            '\\n',
            'x',
            'a-',
            '[a-b]',
            '\\141',
            'b-a',
            '[:alpha:]',
            '',
            '\\\\',
            '[=a=]',
            '[a*2]',
            '[:alnum:]x',
          ),
        ),
        { max: 2 },
      ),
    ]),
  ),
);

const spot = one(
  ...[
    'a.txt',
    'dir',
    'dir/',
    'dir/.',
    'dir/sub',
    'dir/sub/..',
    'dir/x.log',
    'new',
    'new/',
    'new/x',
    '.',
    './',
  ],
  ...[
    'l',
    'l/',
    'l/..',
    'l/../a.txt',
    'l/x.log',
    'l/./y.log',
    'lf',
    'lf/',
    'lb',
    'lb/',
    'lb/x',
    'll/..',
    'll/../x.log',
  ],
  ...[
    'missing/..',
    'missing/../a.txt',
    'a.txt/..',
    'a.txt/../n.txt',
    'a.txt/',
    'a.txt/.',
    'dir/../n.txt',
    'e',
    'e/',
    'lf/..',
  ],
);
const linked = 'mkdir e; ln -s dir l; ln -s a.txt lf; ln -s nope lb; ln -s dir/sub ll; ';
const place = fc
  .oneof(
    join([
      one('cp', 'cp -r', 'mv', 'mv -n', 'mv -f', 'ln -s', 'ln -sf', 'cp -f'),
      some(spot, { max: 2 }),
      spot,
    ]),
    join([
      one('rm', 'rm -r', 'rm -rf', 'rm -f', 'rmdir', 'mkdir', 'mkdir -p', 'touch', 'touch -c'),
      some(spot, { max: 2 }),
    ]),
    join([
      one(
        'chmod 600',
        'chmod u+x',
        'chmod +x',
        'chmod -R 700',
        'chmod go-r',
        'chmod a+w',
        'chmod -w',
      ),
      spot,
    ]),
    join([
      one('ls', 'ls -d', 'ls -a', 'ls -A', 'ls -p', 'ls -R', 'ls -r', 'ls -S'),
      some(spot, { min: 0, max: 2 }),
    ]),
    join([
      one('find'),
      maybe(spot),
      options(
        '-type f',
        '-type l',
        '-type d',
        "-name '*.log'",
        '-maxdepth 1',
        '-mindepth 1',
        '-empty',
        '-delete',
        '-print',
        '! -name x.log',
        "-path '*sub*'",
        '-size -20c',
        '-size +30c',
        '-prune',
        '-o',
        '-depth',
        "-name 'x*' -o",
      ),
    ]).map((line) => `${line} | sort`),
    join([
      one(
        'cat',
        'readlink',
        'readlink -f',
        "stat -c '%n %a'",
        'wc -c',
        'grep -c e',
        'sort',
        'test -f',
        'test -d',
        'test -e',
        'test -L',
        'test -s',
        'head -n1',
        'basename',
        'dirname',
        'cd',
      ),
      spot,
    ]),
    spot.map((from) => `cat < ${from}`),
    spot.map((to) => `cat < a.txt > ${to}`),
    spot.map((to) => `echo hi >> ${to}`),
    spot.map((to) => `cd ${to} && basename "$PWD" && ls && ls ..`),
    spot.map((to) => `cd ${to}; echo x > made; cat ../a.txt | wc -l`),
  )
  .map((line) => `${linked}${line}; echo $?`);

export const scriptKinds = {
  grep,
  sed,
  sort,
  textTool: ended(textTool),
  textPipe: ended(textPipe),
  place,
} as const;
