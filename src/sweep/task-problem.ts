import { createProblem, type Problem } from '../design/problem.js';
import type { Task } from '../tasks/index.js';

/**
 * The constraints that a task poses to a method that proposes sequences freely: its letters at its designable positions,
 * nothing that was measured, and nothing that is known to have no score.
 * @throws InfeasibleError where fewer than `count` sequences are left
 */
export function problemOfTask(task: Task, count: number): Problem {
  const { alphabet, measured, excluded, wildType, length, letters } = task;
  return createProblem({
    alphabet,
    measured: [...measured.sequences, ...excluded],
    reference: wildType,
    length,
    designable: task.designable ?? Array.from({ length }, (_, position) => position),
    letters,
    count,
  });
}
