import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { InvalidInputError, messageOf, parseInput } from '../problems.js';
import { faultFileSchema, type FaultSpec } from './fault.schema.js';

/**
 * The faults of a YAML or JSON file: `faults`, a list.
 *
 * @throws InvalidInputError naming the file and every problem by path, rule and value.
 */
export async function readFaultFile(path: string): Promise<readonly FaultSpec[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InvalidInputError(`Fault file ${path}`, [messageOf(cause)]);
  });
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw new InvalidInputError(`Fault file ${path}`, [messageOf(cause)]);
  }
  return parseInput(faultFileSchema, content, `Fault file ${path}`).faults;
}
