import { asStoreError } from '../errors.js';
import { openDatabase, type DatabaseOptions } from '../open-database.js';
import type { NodeAnswer, NodeError, NodeRequest } from './node-protocol.js';

/** The program of one embedded node: an engine with its directory, in a process of its own, that answers its parent. */
const send = (answer: NodeAnswer): void => {
  process.send?.(answer);
};
const errorOf = (error: unknown): NodeError => {
  const { code, message, engineCode, outcomeUnknown } = asStoreError(error, 'node');
  return { code, message, engineCode, outcomeUnknown };
};

// A node never outlives its parent: the directory must come free for the next one.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('SIGINT', () => undefined); // the parent ends its nodes when it is done with them
process.on('SIGTERM', () => undefined);

try {
  const options = JSON.parse(process.argv[2] ?? '{}') as DatabaseOptions;
  const database = await openDatabase(options);
  process.on('message', ({ id, method, args }: NodeRequest) => {
    void (async () => {
      try {
        const call = database[method] as (...given: unknown[]) => Promise<unknown>;
        send({ kind: 'result', id, value: await call.apply(database, [...args]) });
        if (method === 'close') process.disconnect();
      } catch (error) {
        send({ kind: 'error', id, error: errorOf(error) });
      }
    })();
  });
  send({ kind: 'ready', version: database.version, features: database.features });
} catch (error) {
  send({ kind: 'failed', error: errorOf(error) });
}
