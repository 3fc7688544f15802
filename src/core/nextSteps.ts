// Next steps in the words of the surface that shows them. The domain names what to do by the tools of
// its contract; a person at a terminal or in the editor has commands for the same things.

import { limitRanges } from './limits';

/** Where a next step is read by a person. MCP clients read it as it is. */
export type Surface = 'cli' | 'editor';

const commandOfTool: Readonly<Record<string, Readonly<Record<Surface, string>>>> = {
  rlm_init_context: { cli: '`rlm-companion run`', editor: '“New Session from Files…”' },
  rlm_run_repl: { cli: '`rlm-companion resume`', editor: '“Run Code in a Session…”' },
  rlm_answer: { cli: 'the MCP client that asked', editor: 'the MCP client that asked' },
  rlm_get_var: { cli: '`.get NAME` of the REPL', editor: '“Open Trace”' },
  rlm_finalize: { cli: '`.finalize` of the REPL', editor: '“Finalize Session…”' },
  rlm_add_context: { cli: '`.add PATH` of the REPL', editor: '“New Session from Files…”' },
  rlm_fork: { cli: '`rlm-companion fork`', editor: '“Fork Session”' },
  rlm_execute: { cli: '`rlm-companion ask`', editor: '“Ask over Files…”' },
  rlm_analyze: { cli: '`rlm-companion ask`', editor: '“Ask over Files…”' },
  rlm_code: { cli: '`rlm-companion ask`', editor: '“Ask over Files…”' },
  rlm_decompose: { cli: '`rlm-companion ask`', editor: '“Ask over Files…”' },
  rlm_wait: { cli: 'the MCP client that began it', editor: 'the MCP client that began it' },
  sandbox_exec: { cli: '`rlm-companion run`', editor: '“Run Code in a Session…”' },
  sandbox_exec_stateful: { cli: '`rlm-companion resume`', editor: '“Run Code in a Session…”' },
  sandbox_upload: { cli: 'an MCP client’s upload', editor: '“Upload File to Session…”' },
  sandbox_download: { cli: 'an MCP client’s download', editor: '“Save File As…”' },
  sandbox_files: { cli: 'an MCP client’s list of files', editor: '“Files” in the session tree' },
  sandbox_shell: { cli: 'an MCP client’s shell', editor: 'an MCP client’s shell' },
  list_agents: { cli: '`rlm-companion agents list`', editor: 'the session tree' },
  spawn_agent: { cli: '`rlm-companion agents spawn`', editor: 'an MCP client' },
  agent_message: { cli: '`rlm-companion agents resume`', editor: 'an MCP client' },
  approve_agent: { cli: '`rlm-companion agents approve`', editor: 'an MCP client' },
  summarize_session: { cli: '`rlm-companion agents show`', editor: '“Open Trace”' },
  terminate_session: { cli: '`rlm-companion agents stop`', editor: 'an MCP client' },
  log_context: { cli: 'an MCP client', editor: 'an MCP client' },
  rlm_get_trace: { cli: '`rlm-companion trace`', editor: '“Open Trace”' },
  search_runs: { cli: '`rlm-companion search`', editor: 'an MCP client' },
  rlm_list_sessions: { cli: '`rlm-companion sessions`', editor: 'the session tree' },
  rlm_status: { cli: '`rlm-companion status`', editor: '“Show Server Status”' },
};

const limitNames = Object.keys(limitRanges).map((name) => ({
  name,
  argument: name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
}));

/** `maxDepth` has none in the editor. */
function toSetting(name: string): string {
  return name === 'maxDepth' ? 'the depth of child sessions' : `rlm.limits.${name}`;
}

const wordOfArgument: Readonly<Record<string, Readonly<Record<Surface, string>>>> = {
  at_step: { cli: '--at', editor: 'an earlier step' },
  context_paths: { cli: 'FILE', editor: 'files' },
  resume_session_id: { cli: '`rlm-companion agents resume`', editor: 'the id of the run' },
  wait_ms: { cli: 'a time to wait', editor: 'a time to wait' },
  final_text: { cli: '`.finalize TEXT`', editor: 'a text of your own' },
  ...Object.fromEntries(
    limitNames.map(({ name, argument }) => [
      argument,
      { cli: `--${argument.replaceAll('_', '-')}`, editor: toSetting(name) },
    ]),
  ),
};

/** Advice on reading texts, longer ones first: a surface has other means for it. */
const adviceOnTexts: readonly (Readonly<Record<Surface, string>> & { readonly text: string })[] = [
  {
    text: 'Give `encoding` if it is text after all',
    cli: 'Give --encoding if it is text after all',
    editor:
      'Open it with its encoding and use “New Session from Selection” if it is text after all',
  },
  {
    text: 'Give `encoding`',
    cli: 'Give --encoding',
    editor: 'Open it again and use “Choose Encoding…”',
  },
  {
    text: 'Name it itself, or set include_ignored',
    cli: 'Name it itself, or set --include-ignored',
    editor: 'Choose the file itself if it is to be read',
  },
  {
    text: 'Set include_ignored to read what .gitignore rules out, or name the files',
    cli: 'Set --include-ignored to read what .gitignore rules out, or name the files',
    editor: 'Choose the files themselves: .gitignore rules out none that is chosen',
  },
];

/** Tools that a surface has its own words for. */
export const wordedTools: readonly string[] = Object.keys(commandOfTool);

/** A warning about a text, which also names files: only what is said of arguments is put in other words. */
export function wordWarning(warning: string, surface: Surface): string {
  return adviceOnTexts.reduce(
    (worded, advice) => worded.replaceAll(advice.text, advice[surface]),
    warning,
  );
}

/** `nextStep` with the surface's own commands, options and settings in place of tools and arguments. */
export function wordNextStep(nextStep: string, surface: Surface): string {
  return wordWarning(nextStep, surface).replace(
    /\b[a-z]+_[a-z_]+\b/gu,
    (name) => (commandOfTool[name] ?? wordOfArgument[name])?.[surface] ?? name,
  );
}
