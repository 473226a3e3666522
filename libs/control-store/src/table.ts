import type { StandaloneChain } from '@marketprism/reliability';
import type { ControlClient } from './client.js';
import { isBusy } from './busy.js';
import { ControlStoreError } from './errors.js';

/** Rows written between two looks at whether old ones have to go. */
const WRITES_PER_SWEEP = 100;

/** What the tables of one instance have in common: statements under a time limit, and a bound of rows. */
export abstract class Table {
  #writes = 0;

  constructor(
    protected readonly client: ControlClient,
    protected readonly instance: string,
    /** Rows kept; up to 100 more between two sweeps. */
    protected readonly keep: number,
    private readonly shown: string,
    private readonly patience: StandaloneChain,
  ) {}

  /** Removes what is beyond {@link keep}. */
  protected abstract sweep(): Promise<unknown>;

  /** @throws ControlStoreError as a rejection */
  protected async run<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return (await this.patience.execute(statement)) as T;
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** As {@link run}, and sees to it that the table does not grow for ever. */
  protected async write(statement: () => Promise<unknown>): Promise<void> {
    await this.run(statement);
    this.#writes += 1;
    if (this.#writes % WRITES_PER_SWEEP === 0) await this.run(() => this.sweep());
  }

  protected failure(error: unknown): ControlStoreError {
    if (error instanceof ControlStoreError) return error;
    const problem = isBusy(error) ? 'held by another process' : lastLine((error as Error).message);
    return new ControlStoreError('UNAVAILABLE', `${this.shown}: ${problem}`, error);
  }
}

/** Prisma puts what went wrong at the end, after the place in the program. */
const lastLine = (message: string) => message.trim().split('\n').at(-1) ?? '';

/** Whether a row with this key is there already. */
export const isDuplicate = (error: unknown): boolean => (error as { code?: unknown }).code === 'P2002';
