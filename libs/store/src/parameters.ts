import { StoreError } from './errors.js';

/** What a bound parameter may hold. `Date` is an instant; it reaches the engine independent of any time zone. */
export type ParameterValue = string | number | bigint | boolean | Date | null | readonly ParameterValue[];
export type Parameters = Readonly<Record<string, ParameterValue>>;

interface Placeholder {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly type: string;
}

const PLACEHOLDER = /\{\s*([A-Za-z_]\w*)\s*:\s*([A-Za-z][\w(), .'"+/-]*?)\s*\}/y;

/** Where `{name:Type}` stands in a statement, outside strings, quoted names and comments. */
export function placeholdersOf(sql: string): Placeholder[] {
  const found: Placeholder[] = [];
  let at = 0;
  while (at < sql.length) {
    const char = sql[at];
    if (char === "'" || char === '"' || char === '`') at = endOfQuoted(sql, at);
    else if (sql.startsWith('--', at)) at = endOf(sql, '\n', at);
    else if (sql.startsWith('/*', at)) at = endOf(sql, '*/', at + 2);
    else {
      PLACEHOLDER.lastIndex = at;
      const match = char === '{' ? PLACEHOLDER.exec(sql) : null;
      if (match?.[1] !== undefined && match[2] !== undefined) {
        found.push({ start: at, end: PLACEHOLDER.lastIndex, name: match[1], type: match[2] });
        at = PLACEHOLDER.lastIndex;
      } else at += 1;
    }
  }
  return found;
}

function endOfQuoted(sql: string, start: number): number {
  const quote = sql[start];
  for (let at = start + 1; at < sql.length; at += 1) {
    if (sql[at] === '\\') at += 1;
    else if (sql[at] === quote) return at + 1; // a doubled quote simply opens the next string
  }
  return sql.length;
}

const endOf = (sql: string, mark: string, from: number): number => {
  const at = sql.indexOf(mark, from);
  return at === -1 ? sql.length : at + mark.length;
};

const INSIDE = /^(Nullable|LowCardinality|Array)\((.*)\)$/s;
const INTEGER = /^U?Int(8|16|32|64|128|256)$/;
const NUMERIC = /^(U?Int\d+|Float(32|64)|Decimal.*)$/;
const DATE_TIME = /^DateTime(?:64\((\d))?/;

/**
 * The value as the engine reads it in text, checked against its declared type.
 *
 * @throws StoreError `INVALID` for a value that does not fit the type
 */
export function parameterText(value: ParameterValue, type: string, name: string): string | null | unknown[] {
  const bad = (rule: string) =>
    new StoreError('INVALID', `parameter ${name}: ${rule}, got ${typeof value} ${String(value)} for ${type}`);
  const wrapped = INSIDE.exec(type);
  const inner = wrapped?.[2] ?? '';
  if (wrapped?.[1] === 'Array') {
    if (!Array.isArray(value)) throw bad('must be an array');
    return (value as readonly ParameterValue[]).map((item, index) => parameterText(item, inner, `${name}[${index}]`));
  }
  if (Array.isArray(value)) throw bad('must not be an array');
  if (wrapped?.[1] === 'Nullable' && value === null) return null;
  if (wrapped !== null) return parameterText(value, inner, name);
  if (value === null || value === undefined) throw bad('must not be null');
  if (value instanceof Date) return instantText(value, type, bad);
  if (typeof value === 'boolean') return type === 'Bool' ? String(value) : value ? '1' : '0';
  const text = String(value);
  if (INTEGER.test(type) && !/^[+-]?\d+$/.test(text)) throw bad('must be an integer');
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && INTEGER.test(type))
    throw bad('must be a safe integer; pass larger ones as bigint or string');
  if (NUMERIC.test(type) && text.trim() === '') throw bad('must be a number');
  return text;
}

function instantText(value: Date, type: string, bad: (rule: string) => StoreError): string {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw bad('must be a valid date');
  const dateTime = DATE_TIME.exec(type);
  if (dateTime === null) {
    if (type === 'Date' || type === 'Date32') return value.toISOString().slice(0, 10);
    if (type === 'String') return value.toISOString();
    throw bad('a Date needs Date, DateTime, DateTime64 or String');
  }
  if (ms < 0) throw bad('must not be before 1970');
  const digits = Number(dateTime[1] ?? 0);
  const seconds = String(Math.floor(ms / 1000));
  return digits === 0
    ? seconds
    : `${seconds}.${String(ms % 1000)
        .padStart(3, '0')
        .slice(0, digits)
        .padEnd(digits, '0')}`;
}

/** A string literal that no content can leave. */
export const quoted = (text: string): string =>
  `'${text.replace(/[\\'\0\b\f\n\r\t]/g, (char) => ESCAPES[char] ?? char)}'`;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A table, column or database name as it stands in a statement. @throws StoreError `INVALID` for an impossible name */
export function identifier(name: string): string {
  const parts = name.split('.');
  if (parts.length > 2 || !parts.every((part) => /^[A-Za-z_]\w*$/.test(part)))
    throw new StoreError('INVALID', `a name must be letters, digits and _, at most once dotted, got "${name}"`);
  return parts.map((part) => `\`${part}\``).join('.');
}

function literal(text: string | null | unknown[], type: string): string {
  const wrapped = INSIDE.exec(type);
  const inner = wrapped?.[2] ?? '';
  if (Array.isArray(text))
    return text.length === 0
      ? `CAST([] AS ${type})`
      : `[${text.map((item) => literal(item as string | null | unknown[], inner)).join(', ')}]`;
  if (text === null) return 'NULL';
  if (wrapped !== null) return literal(text, inner);
  const decimal = /^Decimal(?:(\d+)\((\d+)\)|\((\d+)\s*,\s*(\d+)\))$/.exec(type);
  if (decimal !== null) {
    const precision = Number(decimal[3] ?? decimal[1]);
    const bits = decimal[1] ?? (precision <= 9 ? 32 : precision <= 18 ? 64 : 128);
    return `toDecimal${bits}(${quoted(text)}, ${decimal[2] ?? decimal[4]})`;
  }
  if (/^U?Int(8|16|32|64)$/.test(type)) return `to${type}(${quoted(text)})`;
  return type === 'String' ? quoted(text) : `CAST(${quoted(text)} AS ${type})`;
}

/** Checks that placeholders and parameters match, and gives each parameter as text. */
export function parameterTexts(sql: string, parameters: Parameters): Record<string, string | null | unknown[]> {
  const texts: Record<string, string | null | unknown[]> = {};
  for (const { name, type } of placeholdersOf(sql)) {
    const value = parameters[name];
    if (value === undefined)
      throw new StoreError('INVALID', `parameter ${name}: the statement uses it, none was given`);
    texts[name] = parameterText(value, type, name);
  }
  const unused = Object.keys(parameters).filter((name) => !(name in texts));
  if (unused.length > 0) throw new StoreError('INVALID', `parameters given but not used: ${unused.join(', ')}`);
  return texts;
}

/** Writes the parameters into the statement, for engines that cannot bind them. */
export function inlineParameters(sql: string, parameters: Parameters): string {
  const texts = parameterTexts(sql, parameters);
  let result = '';
  let at = 0;
  for (const { start, end, name, type } of placeholdersOf(sql)) {
    result += sql.slice(at, start) + literal(texts[name] ?? null, type);
    at = end;
  }
  return result + sql.slice(at);
}
