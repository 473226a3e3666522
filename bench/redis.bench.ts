import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Capabilities, systemCapabilities } from '@marketprism/reliability';
import {
  redisConnection,
  sharedRateLimiterPolicy,
  SharedStore,
  type SharedRateLimiterOptions,
} from '@marketprism/reliability/redis';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

// Needs a redis-server on the PATH; starts one of its own on a free loopback port.

const CALLERS = 100;
const KEYS = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`);
const WARM_UP_MS = 500;
const ROUND_MS = 1_500;
const ROUNDS = 5;

/** The least that deciding in Redis takes: one short script. */
const ONE_SCRIPT = `
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), at) + tonumber(ARGV[1])
if tat - tonumber(ARGV[2]) > at then return 0 end
redis.call('SET', KEYS[1], tat, 'PX', 60000)
return 1
`;

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

type Decide = (key: string) => unknown;

async function measure(decide: Decide, forMs: number): Promise<Measured> {
  const until = performance.now() + forMs;
  const latencies: number[] = [];
  let decided = 0;
  const started = performance.now();
  const caller = async (first: number) => {
    for (let turn = first; ; turn += 7) {
      const asked = performance.now();
      if (asked >= until) return;
      const answer = decide(KEYS[turn % KEYS.length]!);
      if (answer instanceof Promise) await answer;
      decided += 1;
      if (decided % 16 === 0) latencies.push(performance.now() - asked);
      // A decision made at once is no turn of the event loop: let the answers of the server in now and then.
      if (decided % 2_048 === 0) await pause(0);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(index * 10)));
  const elapsed = performance.now() - started;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return { perSecond: (decided * 1_000) / elapsed, p50: quantile(0.5), p99: quantile(0.99) };
}

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address() as AddressInfo;
probe.close();
await once(probe, 'close');
const server = spawn(
  'redis-server',
  ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
  { stdio: 'ignore' },
);
const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 50 });
client.on('error', () => undefined);
while (client.status !== 'ready') await client.connect().catch(() => pause(50));

const capabilities: Capabilities = systemCapabilities();
const store = new SharedStore(redisConnection(client), capabilities, { commandMs: 1_000 });
const policy = sharedRateLimiterPolicy(store);
const site = 'bench';

function shared(name: string, options: SharedRateLimiterOptions) {
  const parsed = policy.options.parse({ mode: 'reject', limit: 1_000_000, ...options });
  const limiter = policy.create(name, parsed, { ...capabilities, create: unused, shared: unused });
  const uses = new Map(KEYS.map((key) => [key, { site, key: () => key }]));
  return { limiter, decide: (key: string) => limiter.admit(call, capabilities.clock.now(), uses.get(key)!) };
}

function unused(): never {
  throw new Error('a limiter needs no other policy');
}

const { Call } = await import('@marketprism/reliability');
const call = new Call(site, () => undefined, undefined, []);
const sha = (await client.script('LOAD', ONE_SCRIPT)) as string;
const leased = shared('leased', { decide: 'leased' });
const strict = shared('strict', { decide: 'strict' });
const flexible = new RateLimiterRedis({ storeClient: client, points: 1_000_000, duration: 60, keyPrefix: 'flexible' });

const subjects: Record<string, Decide> = {
  'one script call per decision': (key) => client.evalsha(sha, 1, `one:${key}`, '0.001', '1000'),
  'ours, leased': leased.decide,
  'ours, strict': strict.decide,
  'rate-limiter-flexible 11': (key) => flexible.consume(key),
};

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores\n`);
for (const decide of Object.values(subjects)) await measure(decide, WARM_UP_MS);
const before = leased.limiter.inspect(0);
const results = new Map<string, Measured[]>(Object.keys(subjects).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, decide] of Object.entries(subjects)) results.get(name)!.push(await measure(decide, ROUND_MS));
}
const after = leased.limiter.inspect(0);

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const floor = results.get('one script call per decision')!;
console.log(`### Shared limit, ${KEYS.length} keys, ${CALLERS} callers, limit far above demand\n`);
console.log('| subject | × one script call | decisions/s | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |');
for (const [name, rounds] of results) {
  const ratio = median(rounds.map(({ perSecond }, round) => perSecond / floor[round]!.perSecond));
  const [perSecond, p50, p99] = [
    median(rounds.map((each) => each.perSecond)),
    median(rounds.map((each) => each.p50)),
    median(rounds.map((each) => each.p99)),
  ];
  console.log(
    `| ${name} | ${ratio.toFixed(2)} | ${Math.round(perSecond).toLocaleString('en')} | ${p50.toFixed(3)} | ${p99.toFixed(3)} |`,
  );
}
const decided = Number(after['admitted']) - Number(before['admitted']);
const local = Number(after['admittedLocally']) - Number(before['admittedLocally']);
console.log(
  `\nLeased decisions made here: ${((100 * local) / decided).toFixed(3)} % of ${decided.toLocaleString('en')}.`,
);

client.disconnect();
server.kill();
process.exit(0);
