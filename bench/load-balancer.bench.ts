import {
  Call,
  EventBus,
  type LoadBalancerHandle,
  type LoadBalancerOptions,
  loadBalancerOptions,
  loadBalancerPolicy,
  type PolicyContext,
  type Success,
  systemClock,
  systemRandom,
  buildChain,
} from '@marketprism/reliability';
import { maglev, ringHash } from '@marketprism/reliability/balancers';
import { grpcPick, moleculerSelect, undiciDispatch } from './balancer-peers.js';
import { type Comparison, runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;
const SITE = { site: 'bench' };

/** The floor of every table: what any protected call costs anyway. */
const bareAwait: Subject = () => ({ run: fetchRate });

function balancer(count: number, options: LoadBalancerOptions): LoadBalancerHandle {
  const context: PolicyContext = {
    clock: systemClock,
    random: systemRandom,
    emit: new EventBus(),
    create: () => {
      throw new Error('No policy of an endpoint is configured');
    },
    shared: (_kind, _name, make) => make(),
  };
  const endpoints = Array.from({ length: count }, (_, index) => ({ id: `e${index}`, url: `http://10.0.0.${index}` }));
  return loadBalancerPolicy.create('bench', loadBalancerOptions.parse({ ...options, endpoints }), context);
}

/** Choosing, settling and ending one call, with calls under way like those of a service that is in use. */
const selection =
  (count: number, options: LoadBalancerOptions, clockReadings = 0): Subject =>
  () => {
    const policy = balancer(count, options);
    const underWay = Array.from({ length: 64 }, () => ({
      call: new Call('bench', fetchRate, undefined, []),
      permit: 0 as number | object,
    }));
    let now = systemClock.now();
    let next = 0;
    for (const slot of underWay) slot.permit = policy.admit(slot.call, now, SITE) as object;
    const outcome: Success = { kind: 'success', value, durationMs: 5 };
    return {
      synchronous: true,
      run: () => {
        now = clockReadings > 0 ? systemClock.now() : now + 0.01;
        const slot = underWay[next]!;
        next = (next + 1) & 63;
        policy.settle(slot.permit, outcome, slot.call, now);
        policy.end(slot.permit, now);
        if (clockReadings > 1) now = systemClock.now();
        slot.permit = policy.admit(slot.call, now, SITE) as object;
        return slot.permit;
      },
    };
  };

const sizes = (strategy: LoadBalancerOptions['strategy'], clockReadings = 0): Record<string, Subject> =>
  Object.fromEntries(
    [10, 100, 1_000].map((count) => [
      `${typeof strategy === 'string' ? strategy : strategy!.name}, ${count} endpoints`,
      selection(count, { strategy }, clockReadings),
    ]),
  );

const cost: Comparison = {
  title: 'Choosing an endpoint: admission, settlement and end, time given',
  floor: 'bare await',
  subjects: {
    'bare await': bareAwait,
    ...sizes('round-robin'),
    ...sizes('power-of-two'),
    ...sizes('ewma'),
    ...sizes('peak-ewma'),
    'ewma, 10 endpoints, two clock readings': selection(10, { strategy: 'ewma' }, 2),
    ...sizes('least-connections'),
    'ring-hash, 100 endpoints': selection(100, { strategy: ringHash({ key: () => 'BTC-USDT' }) }),
    'maglev, 100 endpoints': selection(100, { strategy: maglev({ key: () => 'BTC-USDT' }) }),
  },
};

/** The same through a whole chain, beside the balancers that Node has inside one protocol each. */
const peers: Comparison = {
  title: 'Ten endpoints: a whole call through our chain; choosing alone, ours and the peers’',
  floor: 'bare await',
  subjects: {
    'bare await': bareAwait,
    'chain: round-robin': () => ({ run: throughChain('round-robin') }),
    'chain: power-of-two': () => ({ run: throughChain('power-of-two') }),
    'chain: adaptive': () => ({ run: throughChain('adaptive') }),
    'ours: admit alone, round-robin': () => {
      const policy = balancer(10, { strategy: 'round-robin' });
      const call = new Call('bench', fetchRate, undefined, []);
      return { synchronous: true, run: () => policy.admit(call, 0, SITE) };
    },
    'moleculer round robin': async () => ({ synchronous: true, run: await moleculerSelect('RoundRobin') }),
    'moleculer random': async () => ({ synchronous: true, run: await moleculerSelect('Random') }),
    'grpc-js round_robin': async () => ({ synchronous: true, run: await grpcPick() }),
    'undici BalancedPool': async () => ({ synchronous: true, run: await undiciDispatch() }),
  },
};

function throughChain(strategy: LoadBalancerOptions['strategy']): () => Promise<unknown> {
  const endpoints = Array.from({ length: 10 }, (_, index) => ({ id: `e${index}` }));
  const chain = buildChain({ balancer: { strategy, endpoints } });
  return () => chain.execute(fetchRate);
}

await runBenches(import.meta.url, [cost, peers]);
