import assert from 'node:assert/strict';
import {
  type TaskEvent,
  type TaskState,
  hasEnded,
  newTaskState,
  nextTaskState,
  taskEvents,
} from '../../../../src/core/task/taskState';

const maxLength = 6;

/** Every order of events up to a length, with the states it passes. */
function visitAll(visit: (events: readonly TaskEvent[], states: readonly TaskState[]) => void) {
  const grow = (events: readonly TaskEvent[], states: readonly TaskState[]): void => {
    visit(events, states);
    if (events.length < maxLength) {
      for (const event of taskEvents) {
        grow([...events, event], [...states, nextTaskState(states.at(-1) ?? newTaskState, event)]);
      }
    }
  };
  grow([], [newTaskState]);
}

describe('the state of a task, after every order of events', () => {
  it('needs input exactly while a prompt is open', () => {
    visitAll((_events, states) => {
      const { status, openPrompts } = states.at(-1) ?? newTaskState;
      assert.equal(status === 'input_required', openPrompts > 0);
    });
  });

  it('is that of the first event that ended it, for good', () => {
    visitAll((events, states) => {
      const first = events.find((event) => hasEnded(nextTaskState(newTaskState, event).status));
      const { status } = states.at(-1) ?? newTaskState;
      assert.deepStrictEqual(hasEnded(status) ? status : undefined, first);
    });
  });

  it('counts the prompts that were opened and not closed', () => {
    visitAll((events, states) => {
      const { status, openPrompts } = states.at(-1) ?? newTaskState;
      let open = 0;
      for (const event of events) {
        open = Math.max(
          0,
          open + (event === 'prompt_opened' ? 1 : event === 'prompt_closed' ? -1 : 0),
        );
      }
      assert.equal(openPrompts, hasEnded(status) ? 0 : open);
    });
  });
});
