// `rlm-companion agents`: Codex agents that work by themselves: spawn, watch, answer, stop, go on, clean up.

import { type Command, Option } from 'commander';
import { agentStatuses } from '../../core/agent/agentState';
import { approvalModes, isolations, sandboxModes } from '../../core/agent/permissions';
import { approveRun, type ApproveOptions, stopRuns, type StopOptions } from '../agents/answerRun';
import { attendRun } from '../agents/attendRun';
import { cleanWorktrees, type CleanOptions } from '../agents/cleanWorktrees';
import { listRuns, type ListOptions } from '../agents/listRuns';
import { type AgentsOptions, toRunExitCode, withRuns } from '../agents/runContext';
import { findRun, toAgentStatus } from '../agents/runRecord';
import { showRun } from '../agents/showRun';
import { resumeRun, type ResumeOptions, spawnRun, type SpawnOptions } from '../agents/spawnRun';
import type { Cli } from '../cli';
import { collect, parseWholeNumber, rootOption } from '../options';

interface WatchOptions extends AgentsOptions {
  readonly audit?: true;
}

const examples = `
A run is in the engine of this home that serves (the editor's, or \`rlm-companion serve\`). Where none runs,
spawn and resume begin one of their own, which ends with the command.
Ctrl+C leaves a run that is in another engine alone, and says how to stop it.
Exit codes of watch, and of spawn and resume with --wait: 0 completed, 1 failed or interrupted, 3 terminated.

Examples:
  $ rlm-companion agents spawn --profile test_writer --task 'Cover src/parse.ts' --wait
  $ rlm-companion agents watch 01932b7e-5c
  $ rlm-companion agents approve 01932b7e-5c`;

const idHelp = 'the run, by its id or the beginning of it';

export function addAgentsCommand(program: Command, cli: Cli): void {
  const agents = program
    .command('agents')
    .description('spawn and follow Codex agents')
    .addHelpText('after', examples)
    .helpCommand(false);
  addReading(agents, cli);
  addWorking(agents, cli);
  addAnswering(agents, cli);
}

function addReading(agents: Command, cli: Cli): void {
  agents
    .command('list')
    .description('list runs, newest first, with what waits for you')
    .addOption(new Option('--status <status>', 'only these').choices(agentStatuses))
    .option('--limit <n>', 'at most so many', parseWholeNumber({ min: 1, max: 1_000 }), 20)
    .option('--json', 'print JSON')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      return withRuns(options, cli, (context) => listRuns(options, context));
    });
  agents
    .command('show')
    .argument('<id>', idHelp)
    .description('show what a run has done, what it waits for, and where its work is')
    .option('--json', 'print JSON')
    .action((id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<AgentsOptions>();
      return withRuns(options, cli, (context) => showRun(id, options, context));
    });
  agents
    .command('watch')
    .argument('<id>', idHelp)
    .description('show what a run does until it is at rest, and ask you for its approvals')
    .option('--audit', 'show the raw records too')
    .option('--json', 'print one JSON object per event and line; nobody is asked then')
    .action((id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<WatchOptions>();
      return withRuns(options, cli, async (context) => {
        const { sessionId } = await findRun(context.traces, id);
        const ended = await attendRun(
          {
            sessionId,
            isOwn: false,
            shows: options.json ? 'events' : 'text',
            showsAudit: options.audit === true || options.json === true,
          },
          context,
        );
        cli.exitCode = ended ? toRunExitCode(toAgentStatus(ended)) : cli.exitCode;
      });
    });
}

function taskOption(): Option {
  return new Option(
    '--task <text>',
    'what it is to do; - reads standard input',
  ).makeOptionMandatory();
}

function addWorking(agents: Command, cli: Cli): void {
  agents
    .command('spawn')
    .description('begin a run by a profile; prints its id')
    .option('--profile <id>', 'as `rlm-companion profiles list` has it', 'generalist')
    .addOption(taskOption())
    .option('--goal <text>', 'a goal beside those of the profile; repeatable', collect, [])
    .option('--input <name=text>', 'a text or path that the task names; repeatable', collect, [])
    .option('--dir <folder>', 'what it works on (default: the current folder)')
    .addOption(
      new Option(
        '--isolation <kind>',
        'where it works (default: a worktree where there is a repository)',
      ).choices(isolations),
    )
    .option('--model <name>', 'model (default: as Codex is configured)')
    .addOption(new Option('--sandbox <mode>', 'only less than the profile').choices(sandboxModes))
    .addOption(new Option('--approvals <mode>', 'when it asks').choices(approvalModes))
    .option('--no-network', 'its commands have none, whatever the profile')
    .option('--limit <name=n>', 'tokens=50000, wall_ms=600000, …; repeatable', collect, [])
    .addOption(rootOption())
    .option('--wait', 'follow it to its end')
    .option('--json', 'print one JSON document about it')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<SpawnOptions>();
      const folders = options.dir === undefined ? [] : [options.dir];
      return withRuns(options, cli, (context) => spawnRun(options, context), folders);
    });
  agents
    .command('resume')
    .argument('<id>', idHelp)
    .description('go on with a run that has ended, or tell one at work something')
    .addOption(taskOption())
    .addOption(rootOption())
    .option('--wait', 'follow it to its end')
    .option('--json', 'print one JSON document about it')
    .action((id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ResumeOptions>();
      return withRuns(options, cli, (context) => resumeRun(id, options, context));
    });
}

function addAnswering(agents: Command, cli: Cli): void {
  agents
    .command('approve')
    .argument('<id>', idHelp)
    .argument('[approval]', 'which of its approvals; left out: the only one, or each is asked for')
    .description('answer what a run waits for; without an answer you are shown it and asked')
    .option('--accept', 'it is done, once')
    .option('--decline', 'it goes on without')
    .option('--cancel', 'its turn ends')
    .option('--note <text>', 'told to the agent')
    .option('--json', 'print JSON')
    .action((id: string, approval: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<ApproveOptions>();
      return withRuns(options, cli, (context) => approveRun(id, approval, { options, context }));
    });
  agents
    .command('stop')
    .argument('[id...]', 'runs, each by its id or the beginning of it')
    .description('stop runs and all that they have started; what they changed is kept')
    .option('--all', 'every run that is at work')
    .option('--reason <text>', 'for the record', 'The user stopped it.')
    .option('--json', 'print JSON')
    .action((ids: readonly string[], _options, command: Command) => {
      const options = command.optsWithGlobals<StopOptions>();
      return withRuns(options, cli, (context) => stopRuns(ids, options, context));
    });
  agents
    .command('clean')
    .argument('[id...]', 'of these runs alone')
    .description('remove worktrees of runs that have ended; those with work in them are kept')
    .option('--older-than <days>', 'only such', parseWholeNumber({ min: 0, max: 10_000 }))
    .option('--force', 'those with work in them too: it is lost')
    .option('--yes', 'without asking')
    .option('--json', 'print JSON')
    .action((ids: readonly string[], _options, command: Command) => {
      const options = command.optsWithGlobals<CleanOptions>();
      return withRuns(options, cli, (context) => cleanWorktrees(ids, options, context));
    });
}
