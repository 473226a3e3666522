import type { Classification, ErrorClass } from '@marketprism/reliability';
import type { World } from './world.js';

/** One way to fail, the code that really makes it fail, and what the failure is to be taken for. */
export interface Failure {
  readonly name: string;
  readonly expected: Expected;
  /** The class that the rules give instead, where they are known to be wrong, and why they stay so. */
  readonly misjudged?: { readonly as: ErrorClass; readonly because: string };
  /** Fails by throwing or rejecting. */
  readonly provoke: (world: World) => unknown;
}

export type Expected = Pick<Classification, 'errorClass' | 'retryable'> & {
  /** `either` where it depends on how fast the machine is. */
  readonly neverSent?: true | 'either';
  /** Asked-for wait in ms; within 1 s, since some are given as dates. */
  readonly retryAfterMs?: number;
};

export function failure(expected: ErrorClass | Expected, name: string, provoke: (world: World) => unknown): Failure {
  return { name, expected: typeof expected === 'string' ? { errorClass: expected } : expected, provoke };
}

/** The request certainly never reached the other side. */
export const neverSent = (errorClass: ErrorClass): Expected => ({ errorClass, neverSent: true });

/** The connection broke before or after the request went out. */
export const brokenAnyTime: Expected = { errorClass: 'network', neverSent: 'either' };

/** The caller gave up: nothing to retry. */
export const aborted: Expected = { errorClass: 'client', retryable: false };

/** What `provoke` failed with, boxed: a promise would look into it. */
export async function provoked({ name, provoke }: Failure, world: World): Promise<{ readonly error: unknown }> {
  try {
    await provoke(world);
  } catch (error) {
    return { error };
  }
  throw new Error(`"${name}" did not fail`);
}
