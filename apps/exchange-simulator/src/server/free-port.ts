import type { Server } from 'node:http';

/** Below the ports that Linux and macOS give to outgoing connections, so that a port closed for a while stays free. */
const LOWEST = 20_000;
const HIGHEST = 31_999;
const ATTEMPTS = 50;

export const LOOPBACK = '127.0.0.1';

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const isTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';

/** Binds to the port on loopback, or for 0 to a free one between 20000 and 31999. Returns the port. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  if (port !== 0) {
    await listen(server, port);
    return port;
  }
  for (let attempt = 1; ; attempt += 1) {
    const candidate = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    try {
      await listen(server, candidate);
      return candidate;
    } catch (error) {
      if (!isTaken(error) || attempt >= ATTEMPTS) throw error;
    }
  }
}

/** Binds again to a port given up before, trying until it is free. `stop` ends the attempts. */
export async function listenAgain(server: Server, port: number, stop: AbortSignal): Promise<boolean> {
  while (!stop.aborted) {
    try {
      await listen(server, port);
      return true;
    } catch (error) {
      if (!isTaken(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  return false;
}
