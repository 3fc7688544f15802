// The server's folder in a sandbox, and the scripts that work on it. No script holds a single quote, and none a value
// that was given: what is given goes into files.

import { RlmError } from '../core/errors';

/** In the home folder of the sandbox's user. */
const folderName = 'rlm-server';
/** Of a path that stands in a script as it is. */
const plainPath = /^\/[\w./-]{1,200}$/u;
const variableName = /^[A-Za-z_]\w{0,99}$/u;
const stopTenths = 150;
const logTailLines = 20;

/** Prints the folder, and makes it where it is not there. */
export const prepareScript = `umask 077; mkdir -p "$HOME/${folderName}/home" && cd "$HOME/${folderName}" && pwd && node --version`;

/** @throws RlmError 'BACKEND_UNAVAILABLE' of what cannot run a server. */
export function parsePrepared(exitCode: number, output: string): string {
  const [folder = '', version = ''] = output.trim().split('\n');
  const [, major, minor] = /^v(\d+)\.(\d+)\./u.exec(version) ?? [];
  const hasNode = Number(major) > 20 || (Number(major) === 20 && Number(minor) >= 12);
  if (exitCode !== 0 || !plainPath.test(folder) || !hasNode) {
    throw new RlmError(
      'BACKEND_UNAVAILABLE',
      `The sandbox cannot run the server: it needs Node 20.12 or later, and said: ${output.trim().slice(0, 300)}`,
      { nextStep: 'Name a snapshot that has it: --snapshot, or RLM_DAYTONA_SNAPSHOT.' },
    );
  }
  return folder;
}

/** What is there of earlier deployments: the build in use and whether there are users. */
export function readScript(folder: string): string {
  return `cd ${folder} && { cat current 2>/dev/null || echo none; } && { test -s users.json && echo users || echo none; }`;
}

export function unpackScript(folder: string, hash: string): string {
  return `cd ${folder} && rm -rf app-${hash}.new app-${hash} && mkdir app-${hash}.new && tar -xzf app.tar.gz -C app-${hash}.new && rm app.tar.gz && mv app-${hash}.new app-${hash}`;
}

/** Makes a build the one in use, and removes the others. */
export function keepScript(folder: string, hash: string): string {
  return `cd ${folder} && echo ${hash} >current && for one in app-*; do test "$one" = app-${hash} || rm -rf "$one"; done`;
}

/** What was uploaded is for nobody else in the sandbox. */
export function closeScript(folder: string): string {
  return `cd ${folder} && chmod 600 server.env users.json`;
}

/**
 * Ends the server in order, or after 15 s the hard way; one that does not run is ended. A process that only has its
 * number, as after a start of the sandbox, is let be.
 */
export function stopScript(folder: string): string {
  const isOurs = `grep -q ${folderName} /proc/$p/cmdline 2>/dev/null`;
  return `cd ${folder} && p=$(cat server.pid 2>/dev/null) || exit 0; i=0; ${isOurs} && kill -TERM $p; while ${isOurs}; do i=$((i+1)); test $i -gt ${stopTenths} && kill -KILL $p; test $i -gt ${stopTenths + 20} && exit 1; sleep 0.1; done; rm -f server.pid`;
}

/** For a shell of the daemon, in which it goes on. */
export function toServeCommand(folder: string, hash: string, port: number): string {
  const serve = `${folder}/app-${hash}/cli.js serve --host 127.0.0.1 --port ${port} --users ${folder}/users.json --log json`;
  return `sh -c 'cd ${folder} && umask 077 && echo $$ >server.pid && exec node --env-file=server.env ${serve} >server.log 2>&1 </dev/null'`;
}

export function tailScript(folder: string): string {
  return `tail -n ${logTailLines} ${folder}/server.log`;
}

/**
 * A file that Node reads with `--env-file`. @throws RlmError 'INVALID_INPUT' for what such a file cannot hold.
 */
export function toEnvironmentFile(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const quote = ['"', "'", '`'].find((one) => !value.includes(one));
    if (!variableName.test(name) || quote === undefined || /[\p{Cc}\\]/u.test(value)) {
      throw new RlmError(
        'INVALID_INPUT',
        `The variable ${name.slice(0, 100)} cannot be handed on.`,
        {
          nextStep: 'Give names of variables whose values are one line of plain text.',
        },
      );
    }
    return `${name}=${quote}${value}${quote}\n`;
  });
  return lines.join('');
}
