import { parseOptions } from '../core/options.js';
import { Success } from '../core/outcome.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall, testContext } from '../testing/index.js';
import { loadBalancerPolicy } from './load-balancer.js';
import { type LoadBalancerOptions, loadBalancerOptions } from './load-balancer.options.js';

const parsed = (options: LoadBalancerOptions) => parseOptions(loadBalancerOptions, options, 'balancer');
const endpoints = (...ids: string[]) => ids.map((id) => ({ id, url: `http://${id}`, weight: 1 }));

function balancer() {
  const context = testContext();
  const policy = loadBalancerPolicy.create('hosts', parsed({ endpoints: endpoints('a', 'b') }), context);
  return {
    policy,
    reconfigure: (options: LoadBalancerOptions) => policy.reconfigure(parsed(options)),
    /** Ids of the endpoints that the next calls go to, in order of the alphabet. */
    used: () => {
      const ids = new Set<string>();
      for (let call = 0; call < 20; call += 1) {
        const made = testCall();
        const permit = policy.admit(made, context.clock.now(), PLAIN_USE);
        if (permit instanceof Refusal) continue;
        ids.add(made.endpoint!.id);
        policy.settle(permit, new Success('x', 1), made, context.clock.now());
        policy.end(permit, context.clock.now());
      }
      return [...ids].sort();
    },
    weights: () => policy.inspect(context.clock.now()).endpoints.map(({ id, weight }) => `${id} ${weight}`),
    suspended: () => policy.inspect(context.clock.now()).suspended,
  };
}

describe('an endpoint that was suspended', () => {
  it('gets no new calls, whatever is configured, until it is restored', () => {
    const { policy, used, reconfigure, suspended } = balancer();
    expect(policy.suspend('a')).toBe(true);
    expect(policy.suspend('a')).toBe(true);
    expect([used(), suspended()]).toEqual([['b'], ['a']]);
    reconfigure({ strategy: 'random', endpoints: endpoints('a', 'b', 'c') });
    expect([used(), suspended()]).toEqual([['b', 'c'], ['a']]);
    expect(policy.restore('a')).toBe(true);
    expect([used(), suspended()]).toEqual([['a', 'b', 'c'], []]);
    expect([policy.restore('a'), policy.suspend('z')]).toEqual([false, false]);
  });

  it('comes back as it is configured by then, and not at all when it no longer is', () => {
    const { policy, weights, reconfigure, suspended } = balancer();
    policy.suspend('a');
    reconfigure({ endpoints: [{ id: 'a', url: 'http://other', weight: 5 }, ...endpoints('b')] });
    policy.restore('a');
    expect(weights()).toEqual(['b 1', 'a 5']);
    policy.suspend('a');
    reconfigure({ endpoints: endpoints('b') });
    expect([policy.restore('a'), weights(), suspended()]).toEqual([false, ['b 1'], []]);
  });

  it('finishes the calls that it has', () => {
    const context = testContext();
    const policy = loadBalancerPolicy.create('hosts', parsed({ endpoints: endpoints('a') }), context);
    const call = testCall();
    const permit = policy.admit(call, 0, PLAIN_USE);
    policy.suspend('a');
    expect(policy.inspect(0).endpoints.map(({ id, service }) => `${id} ${service}`)).toEqual(['a draining']);
    expect(policy.admit(testCall(), 0, PLAIN_USE)).toBeInstanceOf(Refusal);
    policy.settle(permit, new Success('x', 1), call, 0);
    policy.end(permit, 0);
    expect(policy.inspect(0)).toMatchObject({ endpoints: [], suspended: ['a'] });
  });
});

it('a pinned weight stays when another one is configured', () => {
  const { policy, weights, reconfigure } = balancer();
  policy.pinWeight('a', 7);
  reconfigure({ strategy: 'random', endpoints: endpoints('a', 'b').map((each) => ({ ...each, weight: 2 })) });
  expect(weights()).toEqual(['a 7', 'b 2']);
  expect(() => policy.pinWeight('z', 1)).toThrow('must be one of a, b');
  expect(() => policy.pinWeight('a', 0)).toThrow('weight');
});
