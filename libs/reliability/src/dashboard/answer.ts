import type { ServerResponse } from 'node:http';

/** An answer of Express, or of Fastify, which has Node's own inside. */
export type FrameworkAnswer = ServerResponse | { readonly raw: ServerResponse; hijack(): unknown };

/** Node's own answer, whatever framework handed it over. The framework leaves it alone from now on. */
export function rawAnswer(answer: FrameworkAnswer): ServerResponse {
  if (!('raw' in answer)) return answer;
  answer.hijack();
  return answer.raw;
}

/** On every answer: nothing from elsewhere is loaded, run, framed or told. */
export const SAFE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export function sendJson(raw: ServerResponse, status: number, body: object): void {
  raw
    .writeHead(status, {
      ...SAFE_HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify(body));
}

export function sendText(raw: ServerResponse, status: number, text: string): void {
  raw
    .writeHead(status, { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${text}\n`);
}
