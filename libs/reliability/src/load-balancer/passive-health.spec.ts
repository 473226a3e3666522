import { parseOptions } from '../core/options.js';
import { Instance } from './instance.js';
import { UNMEASURED } from './instance-load.js';
import { passiveHealthOptions } from './load-balancer.options.js';
import { findOutliers, noteFailure, noteSuccess, putOnProbation } from './passive-health.js';

const options = (given: object = {}) => parseOptions(passiveHealthOptions, given, 'passiveHealth');
const instance = (id = 'a') => new Instance({ id, target: undefined }, 1, 0, UNMEASURED, undefined, undefined, []);

describe('failures in a row', () => {
  test('eject at the threshold, wherever they come from', () => {
    const one = instance();
    const given = options({ consecutiveFailures: 3 });
    expect([noteFailure(one, true, given), noteFailure(one, false, given), noteFailure(one, true, given)]).toEqual([
      undefined,
      undefined,
      'consecutive-failures',
    ]);
    expect(one).toMatchObject({
      consecutiveFailures: 3,
      consecutiveLocalFailures: 0,
      interval: { remoteCalls: 3, remoteFailures: 3, localCalls: 0, localFailures: 0 },
    });
  });

  test('a success starts the row anew', () => {
    const one = instance();
    const given = options({ consecutiveFailures: 2 });
    noteFailure(one, false, given);
    noteSuccess(one, given);
    expect(noteFailure(one, false, given)).toBeUndefined();
    expect(one.interval).toEqual({ remoteCalls: 3, remoteFailures: 2, localCalls: 0, localFailures: 0 });
  });

  test('are counted apart for the way there and for answers where that is wanted', () => {
    const one = instance();
    const given = options({ splitLocalErrors: true, consecutiveFailures: 2, consecutiveLocalFailures: 3 });
    expect([1, 2, 3].map(() => noteFailure(one, true, given))).toEqual([
      undefined,
      undefined,
      'consecutive-local-failures',
    ]);
    expect(noteFailure(one, false, given)).toBeUndefined();
    expect(one).toMatchObject({ consecutiveFailures: 1, consecutiveLocalFailures: 0 });
    expect(noteFailure(one, false, given)).toBe('consecutive-failures');
    expect(one.interval).toEqual({ remoteCalls: 2, remoteFailures: 2, localCalls: 5, localFailures: 3 });
    noteSuccess(one, given);
    expect(one).toMatchObject({ consecutiveFailures: 0, consecutiveLocalFailures: 0 });
    expect(one.interval).toEqual({ remoteCalls: 3, remoteFailures: 2, localCalls: 6, localFailures: 3 });
  });

  test('on probation one is enough, until the first success', () => {
    const one = instance();
    const given = options({ splitLocalErrors: true });
    putOnProbation(one, given);
    expect(noteFailure(one, true, given)).toBe('consecutive-local-failures');
    putOnProbation(one, given);
    expect(noteFailure(one, false, given)).toBe('consecutive-failures');
    putOnProbation(one, given);
    noteSuccess(one, given);
    expect(noteFailure(one, false, given)).toBeUndefined();
  });
});

describe('comparison', () => {
  const fleet = (failures: readonly number[], calls = 100, origin: 'remote' | 'local' = 'remote') =>
    failures.map((failed, index) => {
      const one = instance(String(index));
      one.interval[`${origin}Calls`] = calls;
      one.interval[`${origin}Failures`] = failed;
      return one;
    });
  const outliers = (instances: Instance[], given: object) =>
    findOutliers(instances, options(given)).map(({ instance: { id }, cause }) => `${id} ${cause}`);

  test('is off by default', () => {
    expect(outliers(fleet([100, 0, 0, 0, 0]), {})).toEqual([]);
  });

  test('by success rate: who lies more than 1.9 deviations off', () => {
    // Mean 10, deviation 20: the limit is 48.
    expect(outliers(fleet([50, 0, 0, 0, 0]), { successRate: {} })).toEqual(['0 success-rate']);
    expect(outliers(fleet([20, 10, 10, 10, 10]), { successRate: { deviations: 2.1 } })).toEqual([]);
    expect(outliers(fleet([7, 7, 7, 7, 7]), { successRate: {} })).toEqual([]);
    expect(outliers(fleet([30, 30, 0, 0, 0]), { successRate: {} })).toEqual([]);
    expect(outliers(fleet([30, 30, 0, 0, 0]), { successRate: { deviations: 1 } })).toEqual([
      '0 success-rate',
      '1 success-rate',
    ]);
  });

  test('with few calls or few endpoints nobody is compared', () => {
    expect(outliers(fleet([49, 0, 0, 0, 0], 99), { successRate: {} })).toEqual([]);
    expect(outliers(fleet([50, 0, 0, 0]), { successRate: {} })).toEqual([]);
    expect(outliers(fleet([50, 0, 0, 0]), { successRate: { minEndpoints: 4, deviations: 1.5 } })).toEqual([
      '0 success-rate',
    ]);
    expect(outliers(fleet([49, 0, 0, 0, 0], 49), { failurePercentage: {} })).toEqual([]);
    expect(outliers(fleet([50, 0, 0, 0], 50), { failurePercentage: {} })).toEqual([]);
  });

  test('who is out already is not compared', () => {
    const instances = fleet([50, 0, 0, 0, 0, 0]);
    instances[0]!.ejection = { kind: 'ejected', times: 1, until: 9, cause: 'success-rate' };
    expect(outliers(instances, { successRate: {} })).toEqual([]);
  });

  test('by failure rate: who reaches the threshold', () => {
    expect(outliers(fleet([85, 84, 100, 0, 0]), { failurePercentage: {} })).toEqual([
      '2 failure-percentage',
      '0 failure-percentage',
    ]);
    expect(outliers(fleet([42, 43, 0, 0, 0], 50), { failurePercentage: {} })).toEqual(['1 failure-percentage']);
  });

  test('the worst comes first, and each once', () => {
    expect(
      outliers(fleet([86, 90, 0, 0, 0, 0, 0, 0, 0, 0]), { successRate: { deviations: 1 }, failurePercentage: {} }),
    ).toEqual(['1 success-rate', '0 success-rate']);
  });

  test('errors of the way there are compared by themselves where that is wanted', () => {
    const instances = fleet([90, 0, 0, 0, 0], 100, 'local');
    expect(outliers(instances, { failurePercentage: {}, successRate: {} })).toEqual([]);
    expect(outliers(instances, { failurePercentage: {}, splitLocalErrors: true })).toEqual(['0 failure-percentage']);
    expect(outliers(instances, { successRate: {}, splitLocalErrors: true })).toEqual(['0 success-rate']);
    expect(outliers(fleet([90, 0, 0, 0, 0]), { successRate: {}, splitLocalErrors: true })).toEqual(['0 success-rate']);
  });
});
