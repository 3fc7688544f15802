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
  rlm_get_trace: { cli: '`rlm-companion trace`', editor: '“Open Trace”' },
  rlm_list_sessions: { cli: '`rlm-companion sessions`', editor: 'the session tree' },
  rlm_status: { cli: '`rlm-companion status`', editor: '“Show Server Status”' },
};

const optionOfArgument: Readonly<Record<string, string>> = {
  at_step: '--at',
  context_paths: 'FILE',
  include_ignored: '--include-ignored',
  final_text: '`.finalize TEXT`',
  ...Object.fromEntries(
    Object.keys(limitRanges).map((name) => [
      name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
      `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`,
    ]),
  ),
};

/** Tools that a surface has its own words for. */
export const wordedTools: readonly string[] = Object.keys(commandOfTool);

/** A warning about a text, which also names files: only what is said of arguments is put in other words. */
export function wordWarning(warning: string, surface: Surface): string {
  return surface === 'cli'
    ? warning
        .replaceAll('Give `encoding`', 'Give --encoding')
        .replaceAll('set include_ignored', 'set --include-ignored')
    : warning;
}

/** `nextStep` with the surface's own commands and options in place of tools and arguments. */
export function wordNextStep(nextStep: string, surface: Surface): string {
  return wordWarning(nextStep, surface).replace(/\b[a-z]+_[a-z_]+\b/gu, (name) => {
    const option = surface === 'cli' ? optionOfArgument[name] : undefined;
    return commandOfTool[name]?.[surface] ?? option ?? name;
  });
}
