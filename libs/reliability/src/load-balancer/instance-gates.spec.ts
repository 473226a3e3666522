import { parseOptions } from '../core/options.js';
import type { Outcome } from '../core/outcome.js';
import type { AdmissionPolicy, Policy } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { ReliabilityError } from '../core/errors.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';
import type { NoEndpoint } from './no-endpoint-error.js';

class Closed extends Refusal {
  toError() {
    return new ReliabilityError('closed', { code: 'CIRCUIT_OPEN', policyType: 'gate', policy: this.policy });
  }
}

/** A policy of an endpoint that does what the test says, and keeps a record. */
class ScriptedGate implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly waits = false;
  readonly timed = true;
  readonly record: string[] = [];
  open = true;
  early: boolean;
  retryAfterMs: number | undefined = undefined;
  closed = false;

  constructor(
    readonly type: string,
    readonly name: string,
    readonly options: object,
  ) {
    this.early = type === 'circuit-breaker';
  }

  precheck(): Refusal | undefined {
    return this.early && !this.open ? new Closed(this.name, this.retryAfterMs) : undefined;
  }

  admit(): number | Refusal {
    if (!this.open) return new Closed(this.name, this.retryAfterMs);
    this.record.push('admit');
    return 7;
  }

  settle(permit: number, { kind }: Outcome): void {
    this.record.push(`${kind} ${permit}`);
  }

  end(permit: number): void {
    this.record.push(`end ${permit}`);
  }

  inspect() {
    return { type: this.type, name: this.name, open: this.open };
  }

  reconfigure(): void {
    throw new Error('not wanted');
  }

  close(): void {
    this.closed = true;
  }
}

function gated(options: LoadBalancerOptions, ids = ['a', 'b', 'c']) {
  const capabilities = testCapabilities();
  const gates = new Map<string, ScriptedGate>();
  const parse = (given: LoadBalancerOptions) =>
    parseOptions(loadBalancerOptions, { endpoints: ids.map((id) => ({ id })), ...given }, 'balancer');
  const balancer = new LoadBalancer('hosts', parse(options), {
    ...capabilities,
    create: (type, name, given): Policy => {
      const gate = new ScriptedGate(type, name, given as object);
      gates.set(`${type} ${name}`, gate);
      return gate;
    },
    shared: (_kind, _name, make) => make(),
  });
  const admit = (call = testCall()) => {
    const admission = balancer.admit(call, 0, PLAIN_USE);
    return { admission, call, to: admission instanceof Refusal ? undefined : call.endpoint!.id };
  };
  const breaker = (id: string) => gates.get(`circuit-breaker hosts/${id}`)!;
  const limiter = (id: string) => gates.get(`rate-limiter hosts/${id}`)!;
  return { ...capabilities, balancer, gates, parse, admit, breaker, limiter };
}

test('each endpoint has a breaker and a limiter of its own; the limiter does not queue', () => {
  const { gates } = gated({ circuitBreaker: { openForMs: 1 }, rateLimit: { limit: 3 } }, ['a', 'b']);
  expect([...gates.entries()].map(([key, { options }]) => [key, options])).toEqual([
    ['circuit-breaker hosts/a', { openForMs: 1 }],
    ['rate-limiter hosts/a', { limit: 3, mode: 'reject' }],
    ['circuit-breaker hosts/b', { openForMs: 1 }],
    ['rate-limiter hosts/b', { limit: 3, mode: 'reject' }],
  ]);
});

test('they are told of the calls to their endpoint', () => {
  const { balancer, admit, breaker, limiter } = gated({ circuitBreaker: {}, rateLimit: {} });
  const { admission, call } = admit();
  balancer.settle(admission, { kind: 'failure', error: new Error('x'), durationMs: 1 }, call, 1);
  balancer.end(admission, 2);
  expect(breaker('a').record).toEqual(['admit', 'failure 7', 'end 7']);
  expect(limiter('a').record).toEqual(['admit', 'failure 7', 'end 7']);
  expect(breaker('b').record).toEqual([]);
  expect(balancer.inspect(3).endpoints[0]).toMatchObject({
    failures: 1,
    inFlight: 0,
    policies: [
      { type: 'circuit-breaker', open: true },
      { type: 'rate-limiter', open: true },
    ],
  });
});

test('an endpoint whose breaker refuses is passed over, without a permit', () => {
  const { admit, breaker, balancer } = gated({ circuitBreaker: {} });
  breaker('a').open = false;
  expect([admit().to, admit().to, admit().to]).toEqual(['b', 'c', 'b']);
  expect(breaker('a').record).toEqual([]);
  expect(balancer.inspect(0)).toMatchObject({ failovers: { refused: 2 }, picks: 3 });
});

test('what the breaker gave is given back unused when the limiter refuses', () => {
  const { admit, breaker, limiter } = gated({ circuitBreaker: {}, rateLimit: {} });
  limiter('a').open = false;
  expect(admit().to).toBe('b');
  expect(breaker('a').record).toEqual(['admit', 'ignored 7', 'end 7']);
});

test('a retry goes back to a tried endpoint when the others refuse', () => {
  const { admit, breaker } = gated({ circuitBreaker: {} });
  const call = testCall();
  expect(admit(call).to).toBe('a');
  breaker('b').open = breaker('c').open = false;
  call.beginAttempt();
  expect(admit(call).to).toBe('a');
});

test('when all refuse, the refusal names the earliest time that one of them named', () => {
  const { admit, breaker, balancer, events } = gated({ circuitBreaker: {} });
  for (const [id, waitMs] of [
    ['a', 900],
    ['b', 300],
    ['c', undefined],
  ] as const) {
    breaker(id).open = false;
    breaker(id).retryAfterMs = waitMs;
  }
  const { admission } = admit();
  expect(admission).toMatchObject({ reason: 'refused', retryAfterMs: 300, endpoints: 3 });
  expect((admission as NoEndpoint).toError().message).toBe(
    'Load balancer "hosts" has no endpoint for the call: 3 known, refused; try again in 300 ms',
  );
  expect(balancer.inspect(0)).toMatchObject({ refused: 1, picks: 0 });
  expect(events.of('load-balancer.refused')).toEqual([
    { type: 'load-balancer.refused', policy: 'hosts', at: 0, reason: 'refused' },
  ]);
});

test('of very many that refuse, the one that does not is found', () => {
  const ids = Array.from({ length: 100 }, (_, index) => `e${index}`);
  const { admit, breaker } = gated({ circuitBreaker: {} }, ids);
  for (const id of ids) breaker(id).open = id === 'e77';
  expect([admit().to, admit().to]).toEqual(['e77', 'e77']);
});

test('one endpoint takes no more calls than allowed; the rest goes elsewhere, and is refused when all are full', () => {
  const { admit, balancer } = gated({ maxInFlight: 2, strategy: 'round-robin' }, ['a', 'b']);
  const admitted = [admit(), admit(), admit(), admit()];
  expect(admitted.map(({ to }) => to)).toEqual(['a', 'b', 'a', 'b']);
  expect(admit().admission).toMatchObject({ reason: 'refused', retryAfterMs: undefined });
  balancer.end(admitted[1]!.admission, 0);
  expect(admit().to).toBe('b');
});

test('a reload with other options for them makes new ones; calls under way end with the old', () => {
  const { balancer, admit, breaker, parse } = gated({ circuitBreaker: { openForMs: 1 } });
  const { admission, call } = admit();
  const before = breaker('a');
  balancer.reconfigure(parse({ circuitBreaker: { openForMs: 1 } }));
  expect(breaker('a')).toBe(before);
  balancer.reconfigure(parse({ circuitBreaker: { openForMs: 2 } }));
  expect(breaker('a')).not.toBe(before);
  expect(before.closed).toBe(true);
  balancer.settle(admission, { kind: 'success', value: 1, durationMs: 1 }, call, 0);
  balancer.end(admission, 0);
  expect(before.record).toEqual(['admit', 'success 7', 'end 7']);
  expect(breaker('a').record).toEqual([]);
  const changed = breaker('a');
  balancer.reconfigure(parse({ circuitBreaker: { openForMs: 2 }, rateLimit: {} }));
  expect(breaker('a')).not.toBe(changed);
});

test('they are closed with their endpoint and with the balancer', () => {
  const { balancer, breaker } = gated({ circuitBreaker: {} });
  balancer.remove('a');
  expect([breaker('a').closed, breaker('b').closed]).toEqual([true, false]);
  balancer.close();
  expect(breaker('b').closed).toBe(true);
});

test('policies that decide on no admission, or queue, are faults of the factory that made them', () => {
  const capabilities = testCapabilities();
  const options = parseOptions(loadBalancerOptions, { endpoints: [{ id: 'a' }], circuitBreaker: {} }, 'balancer');
  const make = (policy: object) =>
    new LoadBalancer('hosts', options, { ...capabilities, create: () => policy as Policy, shared: (_k, _n, m) => m() });
  expect(() => make({ kind: 'around' })).toThrow('circuit-breaker "hosts/a" decides on no admission');
  const queueing = make({ kind: 'admission', type: 'x', name: 'y', admit: () => Promise.resolve(1) });
  expect(() => queueing.admit(testCall(), 0, PLAIN_USE)).toThrow('x "y" of an endpoint must not queue');
});
