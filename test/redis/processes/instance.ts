// One instance of a service in a process of its own. Told `go`, it takes as much of a shared limit as it gets; told `stop`,
// it gives the times at which it used its permits.
import { setTimeout as pause } from 'node:timers/promises';
import { Call, Refusal, systemCapabilities } from '@marketprism/reliability';
import { redisConnection, type SharedRateLimiterOptions, SharedStore } from '@marketprism/reliability/redis';
import { connect, sharedLimiter } from '../clients.js';

export interface Go {
  readonly port: number;
  readonly options: SharedRateLimiterOptions;
}

/** What an instance tells about itself, some times a second. */
export interface Progress {
  readonly admitted: number;
  readonly inOutage: number;
  readonly storeAvailable: boolean;
}

/** Ms on a clock that all processes of the machine share, at which each permit was used. */
export type Admissions = readonly number[];

const CALLERS = 8;
const sharedClockAhead = Number(process.hrtime.bigint()) / 1e6 - performance.now();

async function take({ port, options }: Go): Promise<() => Admissions> {
  const connected = await connect('node-redis', port);
  const capabilities = systemCapabilities();
  const store = new SharedStore(redisConnection(connected.client), capabilities, {
    firstProbeMs: 20,
    longestProbeMs: 100,
  });
  const limiter = sharedLimiter('fleet', options, store, capabilities);
  const admissions: number[] = [];
  const stopping = new AbortController();

  const caller = async () => {
    while (!stopping.signal.aborted) {
      const call = new Call('instance', () => undefined, undefined, []);
      const admission = await limiter.admit(call, capabilities.clock.now(), { site: 'instance' });
      if (admission instanceof Refusal) await pause(1);
      else if (admissions.push((admission as { takenAt: number }).takenAt + sharedClockAhead) % 32 === 0)
        await pause(0);
    }
  };
  for (let count = 0; count < CALLERS; count += 1) void caller();

  const reports = setInterval(() => {
    const { admittedInOutage, storeAvailable } = limiter.inspect(capabilities.clock.now());
    process.send!({
      admitted: admissions.length,
      inOutage: Number(admittedInOutage),
      storeAvailable: storeAvailable === true,
    } satisfies Progress);
  }, 50);

  return () => {
    stopping.abort();
    clearInterval(reports);
    limiter.close();
    connected.close();
    return admissions;
  };
}

const idle = (): Admissions => [];
let stop = idle;
process.on('message', (order: Go | 'stop') => {
  if (order === 'stop') {
    process.send!(stop());
    stop = idle;
  } else void take(order).then((stopIt) => (stop = stopIt));
});
process.on('disconnect', () => process.exit());
process.send!('ready');
