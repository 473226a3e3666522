import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Recorded payloads of real venues; they are not part of the repository. */
const DIRECTORY = join(import.meta.dirname, '../../../shared/fixtures/exchanges');

export interface FixtureCase {
  readonly name: string;
  readonly kind: 'rest' | 'rest-markets';
  readonly request: { readonly method: string; readonly path: string; readonly query: string; readonly body?: string };
  readonly status: number;
  readonly bodyText: string;
  readonly expected: readonly Readonly<Record<string, string | number | null>>[];
}

export interface Fixture {
  readonly exchange: string;
  readonly cases: readonly FixtureCase[];
}

export const fixturesExist = existsSync(DIRECTORY);

export function readFixtures(): Fixture[] {
  if (!fixturesExist) return [];
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Fixture);
}
