import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { RequestOptions } from 'node:https';

/** `node:http` or `node:https` with the whole body read. */
export function get(url: string, options: RequestOptions = {}): Promise<{ status: number; body: string }> {
  const { request } = url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** One HTTP/2 request over a connection of its own; fails as the stream or the session fails. */
export function getHttp2(origin: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(origin);
    const finish = (settle: () => void) => {
      session.destroy();
      settle();
    };
    session.on('error', (error) => finish(() => reject(error)));
    const stream = session.request({ ':path': '/' }, signal === undefined ? {} : { signal });
    let body = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      body += chunk;
    });
    stream.on('error', (error) => finish(() => reject(error)));
    stream.on('end', () => finish(() => resolve(body)));
  });
}

/** A client's own error for an answer that is not a success, as many wrap `fetch`. */
export class AnswerError extends Error {
  constructor(readonly response: Response) {
    super(`HTTP ${response.status}`);
  }
}

export async function fetchOk(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) {
    await response.arrayBuffer();
    throw new AnswerError(response);
  }
  return response;
}
