/** The token that was typed, for as long as the tab is open. Never in an address, never in a cookie. */
const KEY = 'reliability-token';

export function readToken(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // Without storage it has to be typed again after a reload.
  }
}

/** Headers of every request: a header of our own, so that no form of another site can make one. */
export function headers(token: string | undefined): Record<string, string> {
  return { 'x-reliability-page': '1', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
}
