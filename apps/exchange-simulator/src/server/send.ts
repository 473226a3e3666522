import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Delivery } from '../faults/delivery.js';
import { cut } from '../faults/delivery.js';

/**
 * What became of the bytes: all of them handed over and the connection kept (`received`), all of them handed over but
 * the client hung up within the grace period (`uncertain`), or never whole (`broken`).
 */
export type Receipt = 'received' | 'uncertain' | 'broken';

/** How long a connection must outlive its answer; once the simulator is stopping, hanging up says nothing. */
export interface Grace {
  readonly ms: number;
  readonly isOver: () => boolean;
}

const DRIP_MS = 250;
const RESET_AFTER_MS = 20;

/** Resolves after `ms`, or at once when the response or the connection is closed. */
function pause(on: ServerResponse | Socket, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      on.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    on.once('close', done);
    if (on.destroyed) done();
  });
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', resolve);
  });
}

function head(response: ServerResponse, { answer }: Delivery, length: number | null): void {
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    ...(length !== null && { 'content-length': String(length) }),
    ...answer.headers,
  });
}

async function whole(response: ServerResponse, delivery: Delivery, grace: Grace): Promise<Receipt> {
  const { socket } = response;
  const body = Buffer.from(delivery.answer.body, 'utf8');
  head(response, delivery, body.length);
  const finished = new Promise<boolean>((resolve) => {
    response.once('finish', () => resolve(true));
    response.once('close', () => resolve(response.writableFinished));
  });
  response.end(body);
  if (!(await finished) || socket === null) return 'broken';
  // A client that asked to close cannot be told from one that gave up.
  if (!response.shouldKeepAlive) return 'received';
  await pause(socket, grace.ms);
  return socket.destroyed && !grace.isOver() ? 'uncertain' : 'received';
}

async function resetMidBody(response: ServerResponse, delivery: Delivery): Promise<Receipt> {
  head(response, delivery, Buffer.byteLength(delivery.answer.body, 'utf8') + 1);
  response.write(cut(delivery.answer.body));
  await pause(response, RESET_AFTER_MS);
  response.socket?.resetAndDestroy();
  return 'broken';
}

/** The better part of the body, and then one space at a time until the client has had enough. */
async function dripBody(response: ServerResponse, delivery: Delivery): Promise<Receipt> {
  head(response, delivery, null);
  response.write(cut(delivery.answer.body));
  while (!response.destroyed) {
    await pause(response, DRIP_MS);
    if (!response.destroyed) response.write(' ');
  }
  return 'broken';
}

/** Sends an answer the way its delivery says, and tells what became of it. */
export async function send(response: ServerResponse, delivery: Delivery, grace: Grace): Promise<Receipt> {
  if (delivery.delayMs > 0) await pause(response, delivery.delayMs);
  if (response.destroyed) return 'broken';
  switch (delivery.transport) {
    case 'whole':
      return whole(response, delivery, grace);
    case 'resetBeforeHeaders':
      response.socket?.resetAndDestroy();
      return 'broken';
    case 'resetMidBody':
      return resetMidBody(response, delivery);
    case 'dripBody':
      return dripBody(response, delivery);
    case 'headersNever':
      await closed(response);
      return 'broken';
  }
}
