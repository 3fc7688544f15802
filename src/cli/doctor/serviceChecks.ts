// What agents, models and the editor need: Codex and its login, keys, the extension. No server is asked, and no key shown.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseBackendSettings } from '../../core/backendSettings';
import { type RlmError, toRlmError } from '../../core/errors';
import { type Check, type Environment, type Finding, works } from './finding';

export const checkCodex: Check = async ({ runtime, home }) => {
  const serves = 'agents';
  const { install, login } = await runtime.readCodexHealth(home);
  if (install.kind === 'missing') {
    const fix = 'npm install -g @openai/codex';
    return [{ name: 'codex', serves, state: 'missing', detail: install.detail, fix }];
  }
  const { version, path: program, foundBy } = install.program;
  const { missing } = install.differences;
  const way = install.hasServer
    ? 'many threads in one process'
    : 'one process a turn, as it has no app-server';
  const detail = `${version} at ${program} (found by ${foundBy}), ${way}`;
  const codex: Finding =
    missing.length === 0
      ? works('codex', serves, detail)
      : {
          ...works('codex', serves, `${detail}; it lacks ${missing.join(', ')}`),
          state: 'broken',
          fix: 'npm install -g @openai/codex@latest',
        };
  const { works: isIn, detail: how, nextStep } = login;
  return [
    codex,
    isIn
      ? works('codex login', 'agents asking their model', how)
      : {
          ...works('codex login', 'agents asking their model', how),
          state: 'missing',
          fix: nextStep?.includes('codex login') ? 'codex login' : nextStep,
        },
  ];
};

export const checkChroma: Check = async ({ run }) => {
  const version = await run('chroma', ['--version']);
  const detail = `${version}; search uses its own index and needs none`;
  return version === null ? [] : [works('chroma', 'searching over runs', detail)];
};

const keys: readonly (readonly [name: string, serves: string])[] = [
  ['OPENAI_API_KEY', 'models of OpenAI, and of servers that speak as it does'],
  ['ANTHROPIC_API_KEY', 'models of Anthropic'],
  ['DAYTONA_API_KEY', 'backend daytona'],
];
const addresses = ['OPENAI_BASE_URL', 'ANTHROPIC_BASE_URL', 'DAYTONA_API_URL'];

/** Whether they are set and well-formed. Values are never shown; of addresses the server’s name. */
export const checkKeys: Check = async ({ cli: { env }, runtime }) => {
  const set = keys.filter(([name]) => (env[name] ?? '').trim() !== '');
  const unset = keys.filter((one) => !set.includes(one));
  const where = addresses.flatMap((name) => {
    const value = (env[name] ?? '').trim();
    return value === ''
      ? []
      : [`${name} leads to ${URL.canParse(value) ? new URL(value).host : 'no address'}`];
  });
  const fault = runtime.findModelFault(env) ?? findBackendFault(env);
  const told = [
    ...set.map(([name]) => `${name} is set`),
    ...unset.map(([name]) => `${name} is not`),
    ...where,
  ].join(', ');
  if (fault) {
    return [
      {
        name: 'keys',
        serves: 'models',
        state: 'broken',
        detail: fault.message,
        fix: fault.nextStep,
      },
    ];
  }
  return set.length > 0
    ? [works('keys', set.map(([, serves]) => serves).join('; '), told)]
    : [
        {
          ...{
            name: 'keys',
            serves: 'models that code and `ask` use',
            state: 'missing',
            detail: told,
          },
          fix: 'export OPENAI_API_KEY=… (or ANTHROPIC_API_KEY=…)',
        },
      ];
};

function findBackendFault(env: Environment): RlmError | null {
  try {
    parseBackendSettings(env);
    return null;
  } catch (thrown) {
    return toRlmError(thrown);
  }
}

const editorFolders = ['.vscode', '.vscode-server', '.vscode-insiders', '.vscode-oss'];

export const checkEditor: Check = async ({ run, runtime, home }) => {
  const serves = 'sessions and agents in the editor';
  const named = await Promise.all(
    editorFolders.map((folder) =>
      readdir(path.join(homedir(), folder, 'extensions')).catch((): string[] => []),
    ),
  );
  const installed = named.flat().find((name) => name.startsWith('rlm-companion.rlm-companion-'));
  // Looking for engines would make the home.
  const engines = existsSync(home)
    ? await runtime.listServingEngines({ home, log: () => undefined })
    : [];
  const running = engines.map(({ pid }) => pid).join(', ');
  const joined =
    running === '' ? 'no engine serves on this home now' : `joined to process ${running}`;
  if (installed) {
    return [works('VS Code', serves, `extension ${installed}, ${joined}`)];
  }
  const code = await run('code', ['--version']);
  const detail =
    code === null
      ? 'the program code was not found'
      : `${code.split('\n')[0]}, without the extension`;
  const fix =
    code === null
      ? 'Install VS Code: https://code.visualstudio.com/download'
      : 'npm run package && code --install-extension out/rlm-companion.vsix';
  return [{ name: 'VS Code', serves, state: 'missing', detail: `${detail}; ${joined}`, fix }];
};
