import axios from 'axios';
import { InternalServerErrorException } from '@nestjs/common';
import { get } from '../clients.js';
import { failure, neverSent } from '../failure.js';

/** Wraps what `work` fails with, as application code does. */
async function wrapping(work: () => Promise<unknown>, wrap: (error: unknown) => Error): Promise<never> {
  try {
    await work();
  } catch (error) {
    throw wrap(error);
  }
  throw new Error('did not fail');
}

export const wrapped = [
  failure(neverSent('network'), 'a wrapper around a refused connection', async (world) => {
    const port = await world.closedPort();
    await wrapping(
      () => get(`http://127.0.0.1:${port}/`),
      (cause) => new Error('could not load rates', { cause }),
    );
  }),
  failure('rateLimit', 'three wrappers around status 429', async (world) => {
    const url = await world.answering(429);
    await wrapping(
      () => axios.get(url),
      (cause) => new Error('a', { cause: new Error('b', { cause: new Error('c', { cause }) }) }),
    );
  }),
  failure('timeout', 'a wrapper around AbortSignal.timeout', async (world) => {
    const url = await world.silent();
    await wrapping(
      () => fetch(url, { signal: AbortSignal.timeout(20) }),
      (cause) => new Error('no answer', { cause }),
    );
  }),
  failure('server', 'a Nest exception around a broken connection says more than its cause', async (world) => {
    const url = await world.answeringRaw('', 'reset');
    await wrapping(
      () => get(url),
      (cause) => new InternalServerErrorException('down', { cause }),
    );
  }),
  failure('server', 'Promise.any, statuses 500 and 404', async (world) => {
    const urls = [await world.answering(500), await world.answering(404)];
    await Promise.any(urls.map((url) => axios.get(url)));
  }),
  failure(neverSent('network'), 'Promise.any, all refused', async (world) => {
    const urls = [await world.closedPort(), await world.closedPort()].map((port) => `http://127.0.0.1:${port}/`);
    await Promise.any(urls.map((url) => fetch(url)));
  }),
  failure('rateLimit', 'an AggregateError within a cause', async (world) => {
    const [busy, broken] = [await world.answering(429), await world.answeringRaw('', 'reset')];
    await wrapping(
      () => Promise.any([axios.get(busy), get(broken)]),
      (cause) => new Error('no source answered', { cause }),
    );
  }),
  failure('network', 'a thrown string that quotes a code', () => {
    throw 'connect failed: ECONNRESET';
  }),
  failure('timeout', 'an error that is nothing but words', () => {
    throw new Error('Operation timed out after 5000 ms');
  }),
  failure('unknown', 'an error that says nothing', () => {
    throw new Error('boom');
  }),
  failure('unknown', 'nothing at all', () => {
    throw undefined;
  }),
];
