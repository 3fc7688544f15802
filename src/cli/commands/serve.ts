// `rlm-companion serve`: the engine as an MCP server over HTTP, for this machine or for a team.

import path from 'node:path';
import { type Command, Option } from 'commander';
import { RlmError } from '../../core/errors';
import type { Cli, ServeSettings, TeamServer } from '../cli';
import {
  type GlobalOptions,
  sandboxNetworkOption,
  type SandboxNetworkOptions,
  toBackendSettings,
  collect,
  parseWholeNumber,
  rootsOption,
  toHome,
  downloadsOption,
  toDownloads,
} from '../options';
import { toRoots, warnOfWideRoots } from '../roots';

interface ServeOptions extends GlobalOptions, SandboxNetworkOptions {
  readonly root: readonly string[];
  readonly downloads?: string;
  readonly host: string;
  readonly port: number;
  readonly transport: 'streamable-http' | 'sse';
  readonly allowHost: readonly string[];
  readonly allowOrigin: readonly string[];
  readonly trustProxy: readonly string[];
  readonly users?: string;
  readonly oidcIssuer?: string;
  readonly oidcAudience?: string;
  readonly oidcJwksUrl?: string;
  readonly oidcScope?: string;
  readonly publicUrl?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly plainHttp?: true;
  readonly log: 'text' | 'json';
}

/** How long calls that are open may take when the server is told to end: with what follows, less than 10 s. */
const graceMs = 8_000;
const portRange = { min: 0, max: 65_535 };

export function addServeCommand(program: Command, cli: Cli): void {
  const command = program
    .command('serve')
    .description('serve MCP over HTTP, on 127.0.0.1 or for a team, until Ctrl+C')
    .addOption(
      new Option('--port <n>', 'port to listen on; 0 takes a free one')
        .argParser(parseWholeNumber(portRange))
        .default(0)
        .env('MCP_PORT'),
    )
    .addOption(rootsOption())
    .addOption(downloadsOption())
    .addOption(sandboxNetworkOption());
  for (const option of [...listNetworkOptions(), ...listUserOptions()]) {
    command.addOption(option);
  }
  command
    .addHelpText(
      'after',
      `\nExamples:\n  $ rlm-companion serve --port 7345 --root ~/logs${teamExample}`,
    )
    .action((_options, self: Command) =>
      serve(withoutEmpty(self.optsWithGlobals<ServeOptions>()), cli),
    );
}

const teamExample = `
  $ rlm-companion token add alice --users users.json
  $ rlm-companion serve --host 0.0.0.0 --port 443 --users users.json \\
      --tls-cert server.pem --tls-key server.key --allow-host rlm.example.com`;

function listNetworkOptions(): readonly Option[] {
  return [
    new Option('--host <address>', 'address to listen on').default('127.0.0.1').env('RLM_HOST'),
    new Option('--transport <name>', 'sse serves clients of the older transport too, at /sse')
      .choices(['streamable-http', 'sse'])
      .default('streamable-http')
      .env('MCP_TRANSPORT'),
    repeatable('--allow-host <name>', 'a name that clients call the server by').env(
      'RLM_ALLOW_HOST',
    ),
    repeatable('--allow-origin <origin>', 'an origin whose web pages may call'),
    repeatable(
      '--trust-proxy <address>',
      'an address or network whose X-Forwarded headers are believed',
    ).env('RLM_TRUST_PROXY'),
    new Option('--public-url <url>', 'where clients find the server').env('RLM_PUBLIC_URL'),
    new Option('--tls-cert <file>', 'certificate chain, as PEM').env('RLM_TLS_CERT'),
    new Option('--tls-key <file>', 'its key, as PEM').env('RLM_TLS_KEY'),
    new Option('--plain-http', 'listen beyond loopback without TLS: the network is private').env(
      'RLM_PLAIN_HTTP',
    ),
    new Option('--log <form>', 'json: a line for each request and call, on stderr')
      .choices(['text', 'json'])
      .default('text')
      .env('RLM_LOG'),
  ];
}

function listUserOptions(): readonly Option[] {
  return [
    new Option('--users <file>', 'the users; `rlm-companion token` makes it').env('RLM_USERS_FILE'),
    new Option('--oidc-issuer <url>', 'whose access tokens are taken').env('RLM_OIDC_ISSUER'),
    new Option('--oidc-audience <text>', 'whom they are for (default: MCP below --public-url)').env(
      'RLM_OIDC_AUDIENCE',
    ),
    new Option('--oidc-jwks-url <url>', 'where the keys are (default: the issuer says)').env(
      'RLM_OIDC_JWKS_URL',
    ),
    new Option('--oidc-scope <name>', 'a scope that they must have').env('RLM_OIDC_SCOPE'),
  ];
}

/** In the environment: separated by commas. */
function repeatable(flags: string, text: string): Option {
  const parse = (value: string, previous: readonly string[]): readonly string[] =>
    value
      .split(',')
      .filter((one) => one.trim() !== '')
      .reduce((all, one) => collect(one, all), previous);
  return new Option(flags, `${text}; repeatable`).argParser(parse).default([], 'none');
}

/** A variable of the environment that is set to nothing asks for nothing. */
function withoutEmpty(options: ServeOptions): ServeOptions {
  const given = Object.entries(options).filter(([, value]) => value !== '');
  return Object.fromEntries(given) as unknown as ServeOptions; // only what is optional can be empty
}

async function serve(options: ServeOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const settings = toSettings(options, cli);
  const hasUsers = settings.usersFile !== null || settings.oidc !== null;
  warnOfWideRoots(options.root, cli);
  const runtime = await cli.loadRuntime();
  const engine = await runtime.createEngine({
    home: toHome(options, cli),
    roots:
      hasUsers && options.root.length === 0 ? [] : await toRoots(cli.cwd, { roots: options.root }),
    baseFolder: cli.cwd,
    readDownloadFolder: toDownloads(options, cli.cwd),
    backends: toBackendSettings(options, cli),
    log: settings.say,
  });
  try {
    const server = await runtime.serveTeam(engine, settings);
    engine.prewarm();
    greet(server, options, cli);
    await new Promise<void>((resolve) => cli.interrupts.listen(resolve));
    await server.drain(hasUsers ? graceMs : 0);
  } finally {
    await engine.close();
  }
  terminal.print(terminal.style.dim('Ended.'));
}

type TlsFiles = NonNullable<ServeSettings['tls']>;

function greet(server: TeamServer, { users, oidcIssuer }: ServeOptions, { terminal }: Cli): void {
  terminal.print(`MCP over HTTP: ${terminal.style.bold(server.url)}`);
  if (server.tokenFile !== null) {
    terminal.print(`Bearer token:  in ${server.tokenFile} (readable by you only)`);
  }
  const from = [users, oidcIssuer].filter((one) => one !== undefined);
  if (from.length > 0) {
    terminal.print(`Users:         ${from.join(' and ')}`);
  }
  terminal.print(terminal.style.dim('Ctrl+C ends the server.'));
}

function toSettings(options: ServeOptions, { terminal, cwd }: Cli): ServeSettings {
  const { host, port, users, publicUrl, plainHttp = false } = options;
  const print = (line: string): void => terminal.printError(line);
  const isJson = options.log === 'json';
  return {
    host,
    port,
    allowedHosts: options.allowHost,
    allowedOrigins: options.allowOrigin,
    trustedProxies: options.trustProxy,
    tls: toTls(options, cwd),
    publicUrl: publicUrl === undefined ? null : requireUrl('--public-url', publicUrl),
    servesSse: options.transport === 'sse',
    usersFile: users === undefined ? null : path.resolve(cwd, users),
    oidc: toOidc(options),
    isPlainAllowed: plainHttp,
    writeLog: isJson ? print : null,
    say: isJson ? (message) => print(toLogLine(message)) : print,
  };
}

function toLogLine(message: string): string {
  return JSON.stringify({
    time: new Date().toISOString(),
    level: 'info',
    event: 'message',
    message,
  });
}

function toTls({ tlsCert, tlsKey }: ServeOptions, cwd: string): TlsFiles | null {
  if (tlsCert === undefined && tlsKey === undefined) {
    return null;
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new RlmError('INVALID_INPUT', '--tls-cert and --tls-key go together.', {
      nextStep: 'Give both files.',
    });
  }
  return { certificate: path.resolve(cwd, tlsCert), key: path.resolve(cwd, tlsKey) };
}

function toOidc(options: ServeOptions): ServeSettings['oidc'] {
  const { oidcIssuer, oidcAudience = null, oidcJwksUrl = null, oidcScope = null } = options;
  if (oidcIssuer !== undefined) {
    const audience = oidcAudience;
    return { issuer: oidcIssuer, audience, jwksUrl: oidcJwksUrl, scope: oidcScope };
  }
  if (oidcAudience !== null || oidcJwksUrl !== null || oidcScope !== null) {
    throw new RlmError('INVALID_INPUT', '--oidc options need --oidc-issuer.', {
      nextStep: 'Name the issuer, or leave the others out.',
    });
  }
  return null;
}

function requireUrl(option: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol)) {
    return text;
  }
  throw new RlmError('INVALID_INPUT', `${option} ${text} is no http or https address.`, {
    nextStep: 'Give it whole, such as https://rlm.example.com.',
  });
}
