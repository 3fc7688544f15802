// The tour: one whole analysis as an agent does it, over MCP, shown step by step and measured.

import { RlmError } from '../../core/errors';
import { exitCodes, type ExitCode } from '../failure';
import { renderGauge } from '../render/gauge';
import { toPrintable } from '../render/printable';
import { toAmountText, toCountText, toDurationText } from '../render/words';
import type { Terminal } from '../terminal';
import type { TourPlan, TourStep } from './plan';
import { counted, countMatches, findWrongCitations, foundCitations } from './recount';
import type { TourClient } from './tourClient';
import {
  finalizeResult,
  type InitResult,
  initResult,
  stepResult,
  type ToolStep,
  traceResult,
  variableResult,
} from './wire';

export interface TourEnd {
  readonly sessionId: string;
  readonly exitCode: ExitCode;
}

/** Room for texts of hundreds of megabytes. */
const tourLimits = { max_runtime_ms: 1_800_000, step_timeout_ms: 600_000 };
const shownSources = 4;
const shownTools = 8;
const shownOutputLines = 60;
const tracePageSize = 50;

export class Tour {
  readonly #client: TourClient;
  readonly #terminal: Terminal;
  readonly #cwd: string;
  #number = 0;

  constructor(client: TourClient, { terminal, cwd }: { terminal: Terminal; cwd: string }) {
    this.#client = client;
    this.#terminal = terminal;
    this.#cwd = cwd;
  }

  /** @throws RlmError of the tools; 'INTERNAL_ERROR' when a check does not hold. */
  async run(plan: TourPlan, signal: AbortSignal): Promise<TourEnd> {
    await this.#showTools(signal);
    const opened = await this.#open(plan, signal);
    const steps: ToolStep[] = [];
    for (const step of plan.steps) {
      const done = await this.#runStep(step, opened, signal);
      steps.push(done);
      if (done.error || done.guardrail_stop !== null) {
        break;
      }
    }
    const last = steps.at(-1);
    if (plan.isCheckable && !last?.error) {
      await this.#check(plan, opened.session_id, signal);
    }
    await this.#finalize(plan, steps, { sessionId: opened.session_id, signal });
    await this.#showTrace(opened.session_id, signal);
    const exitCode = last?.guardrail_stop
      ? exitCodes.guardrail
      : last?.error
        ? exitCodes.failed
        : exitCodes.ok;
    return { sessionId: opened.session_id, exitCode };
  }

  async #showTools(signal: AbortSignal): Promise<void> {
    const tools = await this.#timed('Ask the server for its tools', () =>
      this.#client.listTools(signal),
    );
    const more = tools.length > shownTools ? ', …' : '';
    this.#tell(`${tools.length} tools: ${tools.slice(0, shownTools).join(', ')}${more}`);
  }

  async #open(plan: TourPlan, signal: AbortSignal): Promise<InitResult> {
    const opened = await this.#timed('Open a session by path (rlm_init_context)', () =>
      this.#client.call(
        {
          name: 'rlm_init_context',
          arguments: {
            context_paths: plan.paths,
            language: plan.language,
            title: `Tour: ${plan.title}`.slice(0, 200),
            config: tourLimits,
          },
        },
        initResult,
        signal,
      ),
    );
    const { total_chars: chars, total_lines: lines, sources, source_count: files } = opened.context;
    this.#tell(
      `${toAmountText(chars, 'character')}, ${toAmountText(lines, 'line')}, ${toAmountText(files, 'file')}; none of it passed through this client`,
    );
    for (const source of sources.slice(0, shownSources)) {
      this.#tell(`${toCountText(source.chars).padStart(12)}  ${source.path}`);
    }
    return opened;
  }

  async #runStep(step: TourStep, opened: InitResult, signal: AbortSignal): Promise<ToolStep> {
    const done = await this.#timed(`${step.title} (rlm_run_repl)`, () =>
      this.#client.call(
        {
          name: 'rlm_run_repl',
          arguments: { session_id: opened.session_id, code: step.code },
        },
        stepResult,
        signal,
      ),
    );
    const texts = [done.stdout, done.stderr, done.result ?? '', done.error?.traceback ?? ''];
    this.#tell(texts.filter((text) => text !== '').join('\n'));
    this.#terminal.print(`  ${this.#toGauge(done, opened)}`);
    if (done.guardrail_stop !== null) {
      this.#tell(`Guardrail ${done.guardrail_stop} stopped the session.`);
    }
    return done;
  }

  #toGauge({ usage }: ToolStep, { config }: InitResult): string {
    return renderGauge(
      { steps: usage.steps, runtimeMs: usage.runtime_ms, budgetUsed: usage.budget_used },
      {
        maxSteps: config.max_steps,
        maxRuntimeMs: config.max_runtime_ms,
        budgetLimit: config.budget_limit,
      },
      this.#terminal.style,
    );
  }

  async #check(plan: TourPlan, sessionId: string, signal: AbortSignal): Promise<void> {
    await this.#timed('Check the result outside the sandbox (rlm_get_var)', async () => {
      for (const [name, pattern] of Object.entries(counted)) {
        const found = await this.#readVariable(sessionId, name, signal);
        const count = await countMatches(plan.paths, pattern);
        if (found !== count) {
          throw wrongResult(`${name} is ${String(found)} in the sandbox and ${count} outside`);
        }
        this.#tell(`${name} counted again here: ${toCountText(count)}, the same`);
      }
      const given = await this.#readVariable(sessionId, 'citations', signal);
      const citations = foundCitations.parse(given);
      const [wrong] = await findWrongCitations(citations, this.#cwd);
      if (wrong) {
        throw wrongResult(`line ${wrong[1]} of ${wrong[0]} is not as cited`);
      }
      this.#tell(`${toAmountText(citations.length, 'cited line')} opened, all as cited`);
    });
  }

  async #readVariable(sessionId: string, name: string, signal: AbortSignal): Promise<unknown> {
    const request = {
      name: 'rlm_get_var',
      arguments: { session_id: sessionId, var_name: name, max_chars: 20_000 },
    };
    const { value } = await this.#client.call(request, variableResult, signal);
    return typeof value === 'string' ? JSON.parse(value) : value;
  }

  async #finalize(
    plan: TourPlan,
    steps: readonly ToolStep[],
    { sessionId, signal }: { readonly sessionId: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const answer = toAnswer(plan, steps);
    const { final_answer: text, finish_reason: reason } = await this.#timed(
      `Finish ${answer.final_var_name === undefined ? 'with the answer' : `from the variable ${answer.final_var_name}`} (rlm_finalize)`,
      () =>
        this.#client.call(
          { name: 'rlm_finalize', arguments: { session_id: sessionId, ...answer } },
          finalizeResult,
          signal,
        ),
    );
    this.#tell(`${reason}\n\n${text}\n`);
  }

  async #showTrace(sessionId: string, signal: AbortSignal): Promise<void> {
    await this.#timed('Read the trace (rlm_get_trace)', async () => {
      const counts = new Map<string, number>();
      let cursor: string | null = null;
      do {
        const position: object = cursor === null ? {} : { cursor };
        const request = {
          name: 'rlm_get_trace',
          arguments: { session_id: sessionId, limit: tracePageSize, ...position },
        };
        const page: { events: { action: string }[]; next_cursor: string | null } =
          await this.#client.call(request, traceResult, signal);
        for (const { action } of page.events) {
          counts.set(action, (counts.get(action) ?? 0) + 1);
        }
        cursor = page.next_cursor;
      } while (cursor !== null);
      this.#tell([...counts].map(([action, count]) => `${count} × ${action}`).join(', '));
    });
  }

  async #timed<T>(title: string, work: () => Promise<T>): Promise<T> {
    const { style } = this.#terminal;
    this.#number += 1;
    this.#terminal.print(`${style.bold(`${this.#number}. ${toPrintable(title)}`)}`);
    const started = performance.now();
    const result = await work();
    this.#terminal.print(style.dim(`  took ${toDurationText(performance.now() - started)}`));
    return result;
  }

  #tell(text: string): void {
    if (text === '') {
      return;
    }
    const lines = toPrintable(text.replace(/\n$/u, '')).split('\n');
    for (const line of lines.slice(0, shownOutputLines)) {
      this.#terminal.print(line === '' ? '' : `  ${line}`);
    }
    if (lines.length > shownOutputLines) {
      this.#terminal.print(`  … ${toAmountText(lines.length - shownOutputLines, 'more line')}`);
    }
  }
}

function wrongResult(what: string): RlmError {
  return new RlmError('INTERNAL_ERROR', `The result does not hold: ${what}.`, {
    nextStep: 'Report this with the trace of the session.',
  });
}

interface Answer {
  readonly final_text?: string;
  readonly final_var_name?: string;
}

/** What FINAL was given, else the answer's variable, else the last output, else that there was none. */
function toAnswer(plan: TourPlan, steps: readonly ToolStep[]): Answer {
  const given = steps.findLast((step) => step.final_answer !== null)?.final_answer;
  if (given) {
    return { final_text: given };
  }
  const last = steps.at(-1);
  if (plan.answerVariable !== null && last?.updated_vars_summary.includes(plan.answerVariable)) {
    return { final_var_name: plan.answerVariable };
  }
  const shown = [last?.stdout.trim(), last?.result, last?.error?.traceback].find((text) => text);
  return { final_text: shown ?? 'The code gave no answer: it called neither FINAL nor print.' };
}
