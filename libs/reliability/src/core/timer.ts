/** A scheduled task that can be taken back. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** What to do when it is time: a function, or an object that is told. */
export type Task = (() => void) | Due;

export interface Due {
  due(): void;
}

export function runTask(task: Task): void {
  if (typeof task === 'function') task();
  else task.due();
}

/** One task that throws does not keep the others that are due from running: its error surfaces on its own. */
export function runGuarded(task: Task): void {
  try {
    runTask(task);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
