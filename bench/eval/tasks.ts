// All tasks, in the order of the reports.

import type { EvalTask } from './case';
import { needleTasks } from './needles';
import { oolongTasks } from './oolong';
import { pairsTasks } from './pairs';

export const tasks: readonly EvalTask[] = [...needleTasks, ...oolongTasks, ...pairsTasks];
