import { extname } from 'node:path';
import { parseDocument } from 'yaml';
import { InvalidOptionsError } from '../core/errors.js';

/** Aliases that a document may resolve to: a few lines can stand for billions of values. */
const MOST_ALIASES = 100;

/**
 * Reads a configuration from YAML or JSON, by the file's extension: `.json`, `.yaml`, `.yml`.
 * @throws InvalidOptionsError naming the place
 */
export function parseConfig(file: string, text: string): unknown {
  if (text.trim() === '') throw invalid(file, text, 'must not be empty; {} says nothing');
  if (extname(file).toLowerCase() === '.json') {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw invalid(file, text, `is no JSON: ${(error as Error).message.replace(/(["']).*\1/s, '…')}`);
    }
  }
  const document = parseDocument(text, { prettyErrors: false, strict: true, uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const line = text.slice(0, problem.pos[0]).split('\n').length;
    throw invalid(
      file,
      text,
      `is no YAML that can be read: line ${line}: ${problem.code.toLowerCase().replaceAll('_', ' ')}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch {
    throw invalid(file, text, `must resolve to at most ${MOST_ALIASES} aliases`);
  }
}

/** What stands in the file is not shown: it may hold secrets. */
const invalid = (file: string, text: string, rule: string) =>
  new InvalidOptionsError([{ path: file, rule, value: `${text.length} characters` }]);
