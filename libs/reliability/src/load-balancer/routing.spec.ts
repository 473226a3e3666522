import { Instance } from './instance.js';
import { UNMEASURED } from './instance-load.js';
import { routeCalls, type RoutingOptions } from './routing.js';

const instance = (id: string, given: Partial<Instance> & { zone?: string; level?: number } = {}): Instance => {
  const { zone, level = 0, weight = 1, ...fields } = given;
  const made = new Instance({ id, target: undefined, zone }, weight, level, UNMEASURED, undefined, undefined, []);
  return Object.assign(made, fields);
};
const sick = { checked: 'unhealthy' } as const;
const ejected = { ejection: { kind: 'ejected', times: 1, until: 99, cause: 'success-rate' } } as const;
const options: RoutingOptions = { panicThreshold: 0.5, overprovisioning: 1.4, zone: undefined, now: 10 };
const routed = (instances: Instance[], given: Partial<RoutingOptions> = {}) =>
  routeCalls(instances, { ...options, ...given }).map(
    ({ key, instances, share, panic }) =>
      `${key}: ${instances.map(({ id }) => id).join('')} ${Number(share.toFixed(4))}${panic ? ' panic' : ''}`,
  );

test('all healthy instances of one level form one group', () => {
  expect(routed([instance('a'), instance('b', sick), instance('c'), instance('d', ejected), instance('e')])).toEqual([
    '0: ace 1',
  ]);
});

test('nobody, nothing', () => {
  expect(routed([])).toEqual([]);
});

test('who drains or rests is not used, and does not count against the health of the others', () => {
  expect(routed([instance('a'), instance('b', { draining: true }), instance('c', { restUntil: 11 })])).toEqual([
    '0: a 1',
  ]);
  expect(routed([instance('a'), instance('c', { restUntil: 10 })])).toEqual(['0: ac 1']);
  expect(routed([instance('b', { draining: true })])).toEqual([]);
});

describe('priorities', () => {
  const two = (healthyFirst: number, healthySecond: number) => [
    ...Array.from({ length: 10 }, (_, index) => instance(`${index}`, index < healthyFirst ? {} : sick)),
    ...Array.from({ length: 10 }, (_, index) =>
      instance(`${index}`, { level: 3, ...(index < healthySecond ? {} : sick) }),
    ),
  ];
  const shares = (instances: Instance[]) =>
    routeCalls(instances, options).map(({ priority, share, panic }) => [priority, Number(share.toFixed(4)), panic]);

  test('the first level takes everything down to 1 / 1.4 of its health, and the next stands by', () => {
    expect(shares(two(10, 10))).toEqual([
      [0, 1, false],
      [3, 0, false],
    ]);
    expect(shares(two(8, 10))).toEqual([
      [0, 1, false],
      [3, 0, false],
    ]);
  });

  test('below, what it cannot carry goes to the next', () => {
    expect(shares(two(5, 10))).toEqual([
      [0, 0.7, false],
      [3, 0.3, false],
    ]);
    expect(shares(two(0, 10))).toEqual([[3, 1, false]]);
  });

  test('when both together cannot carry everything they share in proportion, and disregard health below the threshold', () => {
    expect(shares(two(4, 2))).toEqual([
      [0, 0.6667, true],
      [3, 0.3333, true],
    ]);
    expect(shares(two(5, 1))).toEqual([
      [0, 0.8333, false],
      [3, 0.1667, true],
    ]);
  });

  test('a level below the threshold stays choosy while another can carry the rest', () => {
    expect(shares(two(4, 10))).toEqual([
      [0, 0.56, false],
      [3, 0.44, false],
    ]);
  });

  test('levels come in the order of their numbers, and weigh by weight', () => {
    const instances = [
      instance('b', { level: 2 }),
      instance('a', { level: 1, weight: 1 }),
      instance('x', { level: 1, weight: 1, ...sick }),
    ];
    expect(routed(instances)).toEqual(['1: a 0.7', '2: b 0.3']);
    expect(routed([instances[0]!, instances[1]!, instance('x', { level: 1, weight: 6, ...sick })])).toEqual([
      '1: a 0.2',
      '2: b 0.8',
    ]);
  });
});

describe('when nobody is healthy', () => {
  test('everybody is used, of the first level that has somebody', () => {
    expect(routed([instance('a', sick), instance('b', ejected), instance('c', { level: 1, ...sick })])).toEqual([
      '0: ab 1 panic',
      '1: c 0 panic',
    ]);
    expect(routed([instance('a', { restUntil: 99 }), instance('c', { level: 1, ...sick })])).toEqual(['1: c 1 panic']);
  });

  test('nobody is, when the threshold is 0', () => {
    expect(routed([instance('a', sick)], { panicThreshold: 0 })).toEqual([]);
  });

  test('who asked to be left alone is left alone even then', () => {
    expect(routed([instance('a', { ...sick, restUntil: 99 }), instance('b', sick)])).toEqual(['0: b 1 panic']);
  });
});

describe('zones', () => {
  const zoned = (own: Partial<Instance>[], others: Partial<Instance>[]) => [
    ...own.map((given, index) => instance(`o${index}`, { zone: 'own', ...given })),
    ...others.map((given, index) => instance(`x${index}`, { zone: 'far', ...given })),
  ];

  test('the caller’s own comes first, the others stand by', () => {
    expect(routed(zoned([{}, {}], [{}, {}]), { zone: 'own' })).toEqual(['0/own: o0o1 1', '0/other: x0x1 0']);
  });

  test('what the own zone cannot carry goes to the others', () => {
    expect(routed(zoned([{}, sick], [{}, {}]), { zone: 'own' })).toEqual(['0/own: o0 0.7', '0/other: x0x1 0.3']);
    expect(routed(zoned([sick, sick], [{}, {}]), { zone: 'own' })).toEqual(['0/other: x0x1 1']);
  });

  test('without others the own zone takes everything', () => {
    expect(routed(zoned([{}, sick], []), { zone: 'own' })).toEqual(['0/own: o0 1']);
  });

  test('a zone without endpoints of its own uses the others', () => {
    expect(routed(zoned([], [{}]), { zone: 'own' })).toEqual(['0/other: x0 1']);
  });

  test('without a zone of the caller zones play no part', () => {
    expect(routed(zoned([{}], [{}]))).toEqual(['0: o0x0 1']);
  });

  test('shares of levels and zones multiply', () => {
    const instances = [
      instance('a', { zone: 'own' }),
      instance('b', { zone: 'own', ...sick }),
      instance('c', { zone: 'far' }),
      instance('d', { zone: 'far', ...sick }),
      instance('e', { level: 1, zone: 'own' }),
    ];
    expect(routed(instances, { zone: 'own' })).toEqual(['0/own: a 0.49', '0/other: c 0.21', '1/own: e 0.3']);
  });
});

test('groups say whether they are of the own zone, and of which level', () => {
  const instances = [
    instance('a', { zone: 'own' }),
    instance('b', { zone: 'far' }),
    instance('c', { level: 4, zone: 'far' }),
  ];
  expect(routeCalls(instances, { ...options, zone: 'own' })).toMatchObject([
    { priority: 0, local: true },
    { priority: 0, local: false },
    { priority: 4, local: false },
  ]);
  expect(routeCalls(instances, options)).toMatchObject([{ local: true }, { local: true }]);
});
