// Attacks on the shell of WebAssembly: it reaches nothing of the machine, ends with its time, and costs no variables.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { askFiles, askOk, toShell } from '../../support/fileOperations';
import { Repl, createSandboxes } from '../../support/repl';

/** Commands, and what must not be in what they say. */
const looks: readonly (readonly [what: string, command: string, forbidden: RegExp])[] = [
  [
    'the environment',
    'env; printenv; export -p; set',
    /NODE_|PATH=\/(?!usr\/bin:\/bin)|KEY|TOKEN|npm_/u,
  ],
  [
    'processes',
    'cat /proc/self/environ /proc/self/cmdline /proc/1/status; ls /proc',
    /node|NODE_/u,
  ],
  ['files of the machine', 'cat /etc/passwd /etc/hostname; ls /etc /root /home', /root:|daemon/u],
  ['files of the interpreter', 'cat /rlm/boot.py; ls /rlm /lib /dev/rlm', /import |boot/u],
  [
    'a way out by links',
    'ln -s /rlm r; cat r/boot.py; ln -s / all; ls all/rlm all/lib; cat all/proc/self/environ',
    /import |boot/u,
  ],
  [
    'a way out by dots',
    'cat ../rlm/boot.py ../../etc/passwd; cd ..; cd rlm; cat boot.py',
    /import |root:/u,
  ],
  [
    'makers of code',
    'eval "constructor.constructor(\'return process\')()"; x=constructor; echo ${!x} ${__proto__} ${x[constructor]}',
    /\[native|function|Function/u,
  ],
  [
    'prototypes',
    'declare -A m; m[__proto__]=1; m[constructor]=2; __proto__=3; echo ${m[toString]} ${toString} ${hasOwnProperty}',
    /\[native|function|Function/u,
  ],
  [
    'the network',
    'curl http://127.0.0.1/; wget http://127.0.0.1/; cat < /dev/tcp/127.0.0.1/80; echo x > /dev/udp/127.0.0.1/53',
    /<html|HTTP/u,
  ],
  [
    'other languages',
    'python3 -c "print(1+1)"; node -e "console.log(1+1)"; js-exec -c "1+1"; sqlite3 :memory: "select 1+1"; awk "BEGIN{print 1+1}"',
    /^2$/mu,
  ],
  ['the machine’s time zone and name', 'date +%Z; hostname; uname -a; whoami; id', /Linux|root/u],
];

/** Each ends by itself with an error, or with its time. */
const bombs: readonly (readonly [what: string, command: string])[] = [
  ['a loop', 'while :; do :; done'],
  ['a loop of reads', 'while true; do cat a.txt > /dev/null; done'],
  ['functions that call themselves', 'f() { f; f; }; f'],
  ['processes without end', 'f() { f | f & }; f; wait'],
  ['braces', 'echo {1..100}{1..100}{1..100}{1..100}{1..100}'],
  ['a wide field', "printf '%1000000000s' x"],
  ['a text that doubles', 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'],
  ['a file that doubles', 'echo x > f; while :; do cat f f > g; mv g f; done'],
  ['an array that grows', 'while :; do a+=(xxxxxxxxxxxxxxxx); done'],
  ['deep nesting', `${'('.repeat(3_000)}echo x${')'.repeat(3_000)}`],
  ['deep substitution', `${'$('.repeat(500)}echo x${')'.repeat(500)}`],
  [
    'a pattern of grep',
    'seq -s a 1 30000 > b; grep -cE "(a*)*(a*)*(a*)*\\\\1b" b; grep -P "(a+)+(a+)+$" b',
  ],
  ['a loop of sed', 'sed ":a;s/^/x/;ba" a.txt'],
  [
    'a glob',
    'touch aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; shopt -s extglob; echo *(a|aa|aaa)*(a|aa|aaa)*(a|aa|aaa)b; [[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac == *(*(*(a|aa)))b ]]',
  ],
  ['a long sleep', 'sleep 100000'],
  ['a large sequence', 'seq 1 100000000'],
  ['large numbers', 'echo $((2**63)) $((9**9**9)); x=1; while :; do ((x*=3)); done'],
  [
    'a loop of links',
    'ln -s l1 l2; ln -s l2 l1; cat l1; cd l1; find . -name l1; ls -R l1; while :; do :; done',
  ],
  ['many files', 'i=0; while :; do echo > f$i; i=$((i+1)); done'],
];

describe('walls of the shell on WebAssembly', function () {
  this.timeout(120_000);
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes('wasm');
    repl = await Repl.open(sandboxes, { context: 'a text' });
  });
  after(() => {
    repl.sandbox.dispose();
    sandboxes.dispose();
  });
  beforeEach(async () => {
    await repl.run(
      'import shutil, os\nfor name in os.listdir("/work"):\n    path = "/work/" + name\n    shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)\nopen("a.txt", "w").write("text\\n")\nkept = [1, 2]',
    );
  });
  afterEach(async () => {
    assert.equal(await repl.evaluate('kept'), '[1, 2]');
  });

  for (const [what, command, forbidden] of looks) {
    it(`shows nothing of ${what}`, async () => {
      const { stdout, stderr } = await askOk(repl.sandbox, toShell(command));
      assert.doesNotMatch(stdout, forbidden);
      assert.doesNotMatch(
        stderr.replaceAll(/^.*(?:No such|denied|not in this shell).*$/gmu, ''),
        forbidden,
      );
    });
  }

  for (const [what, command] of bombs) {
    it(`ends with an error or its time, and keeps variables: ${what}`, async () => {
      const { answer } = await askFiles(repl.sandbox, toShell(command), { timeoutMs: 2_500 });
      assert.ok(answer?.kind === 'shell', JSON.stringify(answer));
      assert.ok(
        answer.endedBy !== null || answer.stderr !== '' || answer.exitCode !== 0,
        JSON.stringify(answer).slice(0, 500),
      );
      const next = await askOk(repl.sandbox, toShell('echo next'));
      assert.equal(next.stdout, 'next\n');
    });
  }

  it('keeps what a command changed within itself from the next', async () => {
    await askOk(
      repl.sandbox,
      toShell('export SECRET=1; cd /tmp; alias ls=echo; f() { echo no; }; set -e; umask 0'),
    );
    const { stdout } = await askOk(repl.sandbox, toShell('pwd; echo "[$SECRET]"; f; ls a.txt'));
    assert.equal(stdout, '/work\n[]\na.txt\n');
  });

  it('refuses to write where nothing is kept', async () => {
    for (const command of [
      'echo x > /etc/x',
      'echo x > /x',
      'mkdir /home/x',
      'touch /usr/bin/ls',
    ]) {
      const { stderr, endedBy } = await askOk(repl.sandbox, toShell(command));
      assert.match(
        `${stderr}${endedBy ?? ''}`,
        /denied|No such file or directory|cannot open/iu,
        `${command}: ${stderr}`,
      );
    }
    for (const folder of ['/work', '/tmp', '/dev']) {
      const { stderr, exitCode } = await askOk(repl.sandbox, toShell(`rm -rf ${folder}`));
      assert.match(stderr, /^rm: cannot remove '.*': /u, folder);
      assert.equal(exitCode, 1, folder);
    }
    assert.equal(await repl.evaluate('os.listdir("/work"), os.path.isdir("/tmp")'), '([], True)');
  });

  it('finds in time what a pattern that doubles its work has no match for', async () => {
    const patterns = [
      'seq -s a 1 3000 > b; sed -E "s/((0|1|2|3|4|5|6|7|8|9|a)*)*x/y/" b | wc -l',
      '[[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac =~ ^(a+)+(a+)+b$ ]]; echo $?',
    ];
    for (const command of patterns) {
      assert.equal((await askOk(repl.sandbox, toShell(command))).stdout, '1\n');
    }
  });
});
