import { signal } from '@preact/signals';
import type { LiveMessage } from '../../src/dashboard/wire.js';
import { eventData } from './event-stream.js';
import { headers, keepToken, readToken } from './session.js';
import { apply } from './store.js';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly retryAt: number; readonly why: string }
  | { readonly kind: 'token-wanted'; readonly rejected: boolean }
  | { readonly kind: 'refused'; readonly why: string };

export const connection = signal<Connection>({ kind: 'connecting' });

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Nothing heard for so long: the connection is taken for dead. The server says something every 10 s. */
const SILENCE_MS = 25_000;

let ending = new AbortController();
let failures = 0;

/** Connects, and reconnects for as long as the page is open. */
export function connect(): void {
  ending.abort();
  ending = new AbortController();
  void listen(ending.signal);
}

export function signIn(token: string): void {
  keepToken(token);
  connection.value = { kind: 'connecting' };
  connect();
}

async function listen(ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const lost = await stream(ended);
    if (ended.aborted || lost === undefined) return;
    failures += 1;
    const waitMs =
      Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 8)) * (0.75 + Math.random() / 2);
    connection.value = { kind: 'lost', retryAt: Date.now() + waitMs, why: lost };
    await pause(waitMs, ended);
  }
}

/** One connection, to its end. @returns why it ended; `undefined` when another attempt is pointless */
async function stream(ended: AbortSignal): Promise<string | undefined> {
  const own = new AbortController();
  const abort = (): void => own.abort();
  ended.addEventListener('abort', abort);
  let silence = setTimeout(abort, SILENCE_MS);
  try {
    const token = readToken();
    const answer = await fetch('live', { headers: headers(token), signal: own.signal, cache: 'no-store' });
    if (answer.status === 401) {
      keepToken(undefined);
      connection.value = { kind: 'token-wanted', rejected: token !== undefined };
      return undefined;
    }
    if (answer.status === 403) {
      connection.value = { kind: 'refused', why: await messageOf(answer) };
      return undefined;
    }
    if (!answer.ok || answer.body === null) return `the server answered ${answer.status}`;
    for await (const data of eventData(answer.body)) {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE_MS);
      apply(JSON.parse(data) as LiveMessage);
      if (connection.value.kind !== 'live') connection.value = { kind: 'live' };
      failures = 0;
    }
    return 'the server ended the connection';
  } catch {
    return 'the server does not answer';
  } finally {
    clearTimeout(silence);
    ended.removeEventListener('abort', abort);
  }
}

export async function messageOf(answer: Response): Promise<string> {
  try {
    const { message } = (await answer.json()) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // No JSON: the status has to do.
  }
  return `the server answered ${answer.status}`;
}

function pause(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    ended.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
