import { openControlStore } from '@marketprism/control-store';

/** Makes the tables of the database at `url`, says so before that is committed, and waits to be killed. */
const [url] = process.argv.slice(2);
setInterval(() => undefined, 60_000);
await openControlStore({ url: url! }, () => {
  process.send!('applied');
  return new Promise(() => undefined);
});
