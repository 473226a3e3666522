import type { z } from 'zod';

/** Input that does not hold; `problems` has one line per fault, each with its path, the rule and the value given. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(`${subject}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || '(whole)';
}

function problemsOf(error: z.ZodError, input: unknown): readonly string[] {
  return error.issues.map((issue) => {
    const given = JSON.stringify(valueAt(input, issue.path));
    return `${pathText(issue.path)}: ${issue.message}; got ${given === undefined ? 'nothing' : given.slice(0, 200)}`;
  });
}

/**
 * The parsed input.
 *
 * @throws InvalidInputError naming every problem at once.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, subject: string): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInputError(subject, problemsOf(result.error, input));
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown);
}
