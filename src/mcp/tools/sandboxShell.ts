// sandbox_shell: runs a command in the shell of a sandbox.

import * as z from 'zod';
import { toFence, toInline, toInlineCode } from '../../base/markdown';
import { toNetworkText } from '../../core/networkRecord';
import { fileLimits } from '../../core/sandboxFiles';
import type { CommandResult } from '../../core/sessionFiles';
import { countField, cutSchema, networkField, stopReasonField, usageSchema } from '../fields';
import { fitPayload } from '../fit';
import { callSandbox, sandboxHints } from '../sandboxCall';
import { sandboxArgs, toTold, toToldMarkdown, toldFields } from '../sandboxFields';
import type { FoundSandbox } from '../scratch';
import { defineTool } from '../tool';
import { toShortUsageView } from '../usageView';

const input = z.strictObject({
  command: z
    .string()
    .min(1)
    .max(fileLimits.maxCommandChars)
    .describe('For sh -c, in the work folder; without input.'),
  ...sandboxArgs,
  timeout_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .describe('Shortens the session’s step_timeout_ms (default 30,000) for this command.'),
});

const output = z.object({
  ...toldFields,
  exit_code: z
    .int()
    .nullable()
    .describe('128 and more: ended by that signal. null: the sandbox broke.'),
  guardrail_stop: stopReasonField.nullable().optional(),
  interrupted: z.enum(['timeout', 'cancelled']).optional().describe('Why it was ended.'),
  ended_by: z.string().optional().describe('Why the sandbox ended it.'),
  state_lost: z
    .boolean()
    .optional()
    .describe('It broke the sandbox: all variables but the contexts are gone.'),
  network: networkField.optional(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  dropped_bytes: countField.optional().describe('Of all output, beyond max_output_chars.'),
  cut: cutSchema.optional(),
  duration_ms: countField,
  usage: usageSchema.optional(),
});

export const sandboxShell = defineTool({
  name: 'sandbox_shell',
  set: 'sandbox',
  title: 'Run a shell command in a sandbox',
  description:
    'Runs one command with sh -c in the sandbox of a session (sandbox_id), or of this connection’s scratch session, over ' +
    'the same files that code sees; returns stdout, stderr and exit_code. Use it for programs that the place has (grep, ' +
    'sort, sed; what an image holds; on wasm no tar or awk), never for this machine: nothing of it is there, and no network unless allowed. All ' +
    'that the command starts ends with it, or with its time. Its time and output count against the guardrails; it is no ' +
    'step, and is not run again when the session is resumed or forked. Next: sandbox_files, sandbox_download, or code.',
  input,
  output,
  hints: sandboxHints,
  async run(context, args) {
    const { command, timeout_ms: timeoutMs } = args;
    const heartbeat = context.progress.startHeartbeat(
      (elapsedMs) => `command running, ${Math.floor(elapsedMs / 1_000)} s`,
    );
    try {
      const { found, result } = await callSandbox(context, args, (files, signal) =>
        files.runCommand({ command, timeoutMs }, signal),
      );
      return toReply(found, result);
    } finally {
      heartbeat.dispose();
    }
  },
  toMarkdown: (payload) =>
    [
      `## Command: exit code ${payload.exit_code ?? 'unknown'}`,
      ...(payload.interrupted ? [`Ended: ${payload.interrupted}.`] : []),
      ...(payload.ended_by ? [`Ended by the sandbox: ${payload.ended_by}.`] : []),
      ...(payload.state_lost ? ['The sandbox broke: variables are lost.'] : []),
      ...(payload.network ? [`Network: ${toInline(payload.network)}`] : []),
      ...(payload.stdout === '' ? [] : ['**Output**', toFence(payload.stdout)]),
      ...(payload.stderr === '' ? [] : ['**Error output**', toFence(payload.stderr)]),
      ...toToldMarkdown(payload),
      `Sandbox ${toInlineCode(payload.sandbox_id)}, ${payload.duration_ms} ms.`,
    ].join('\n\n'),
});

function toReplacedNote({ replaced }: CommandResult): string | null {
  return replaced.stdout || replaced.stderr
    ? 'The output shows U+FFFD where its bytes are not UTF-8. For the bytes write it to a file, and take that with sandbox_download in base64.'
    : null;
}

function toReply(found: FoundSandbox, result: CommandResult): z.output<typeof output> {
  const { droppedBytes, interruption, endedBy, stateLost, stop, usage, filesLost, network } =
    result;
  const dropped = droppedBytes.stdout + droppedBytes.stderr;
  const { limits } = found.session.summary;
  const { payload, cut } = fitPayload(
    {
      ...toTold(found, filesLost, toReplacedNote(result)),
      exit_code: result.exitCode,
      guardrail_stop: stop,
      ...(interruption !== null && { interrupted: interruption }),
      ...(endedBy !== null && { ended_by: endedBy }),
      ...(stateLost && { state_lost: true }),
      ...(network && { network: toNetworkText(network) }),
      stdout: result.stdout,
      stderr: result.stderr,
      truncated: dropped > 0,
      ...(dropped > 0 && { dropped_bytes: dropped }),
      duration_ms: Math.round(result.durationMs),
      usage: toShortUsageView({ usage, limits }),
    },
    ['stdout', 'stderr'],
  );
  return cut.length > 0 ? { ...payload, truncated: true, cut } : payload;
}
