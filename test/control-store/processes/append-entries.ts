import { openControlStore } from '@marketprism/control-store';

/** Opens the store at `url` and writes `count` entries, five at a time, into the trail of a shared instance. */
const [url, count] = process.argv.slice(2);
setInterval(() => undefined, 60_000); // Waiting for the file keeps no process alive.
const store = await openControlStore({ url: url!, instance: 'shared', timeoutMs: 60_000 });
const append = (number: number) =>
  store.auditTrail.append({
    at: Date.now(),
    who: String(process.pid),
    via: 'code',
    action: 'count',
    target: 'nothing',
    reason: `number ${number}`,
    outcome: 'done',
  });
for (let number = 0; number < Number(count); number += 5) {
  await Promise.all([0, 1, 2, 3, 4].map((offset) => append(number + offset)));
}
await store.close();
process.exit(0);
