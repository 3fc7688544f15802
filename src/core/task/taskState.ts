// The states of a task, work that can outlive the call that asked for it, and what leads from one to
// another. Source: the tasks of MCP (SEP-1686, SEP-2663), whose words these are.

export const taskStatuses = [
  'working',
  'input_required',
  'completed',
  'failed',
  'cancelled',
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export interface TaskState {
  readonly status: TaskStatus;
  /** Prompts that wait for the caller's answers; 0 once the task has ended. */
  readonly openPrompts: number;
}

/** What happens to a task. */
export const taskEvents = [
  'prompt_opened',
  'prompt_closed',
  'completed',
  'failed',
  'cancelled',
] as const;
export type TaskEvent = (typeof taskEvents)[number];

export const newTaskState: TaskState = { status: 'working', openPrompts: 0 };

export function hasEnded(status: TaskStatus): boolean {
  return status !== 'working' && status !== 'input_required';
}

/** The state after `event`. An ended task changes no more. */
export function nextTaskState(state: TaskState, event: TaskEvent): TaskState {
  if (hasEnded(state.status)) {
    return state;
  }
  switch (event) {
    case 'prompt_opened':
      return toOpen(state.openPrompts + 1);
    case 'prompt_closed':
      return toOpen(Math.max(0, state.openPrompts - 1));
    case 'completed':
    case 'failed':
    case 'cancelled':
      return { status: event, openPrompts: 0 };
  }
}

function toOpen(openPrompts: number): TaskState {
  return { status: openPrompts > 0 ? 'input_required' : 'working', openPrompts };
}
