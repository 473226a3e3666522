import { ControlStoreError } from './errors.js';

/** Where the tables are. */
export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly url: string; readonly shown: string }
  | { readonly kind: 'postgresql'; readonly url: string; readonly shown: string };

/**
 * Reads `file:…`, a libsql file, or `postgresql://…`.
 * @throws ControlStoreError `INVALID`; credentials are not in its message
 */
export function readDatabaseUrl(url: string): DatabaseAddress {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) {
    const { host, pathname } = new URL(url);
    return { kind: 'postgresql', url, shown: `postgresql://${host}${pathname}` };
  }
  if (/^file:./.test(url)) return { kind: 'sqlite', url, shown: url };
  throw new ControlStoreError(
    'INVALID',
    `controlStore.url: must begin with file: or postgresql://; got ${JSON.stringify(url.replace(/\/\/[^/@]*@/, '//[redacted]@'))}`,
  );
}
