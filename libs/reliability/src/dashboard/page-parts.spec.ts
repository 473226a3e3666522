import { scoreSystem } from '../manager/health-score.js';
import { pageParts } from './page-parts.js';
import { settledTimes } from './settled-times.js';
import { Timeline } from './timeline.js';
import { timelineEntry } from './timeline-entry.js';
import type { TimelineEntry } from './wire.js';

describe('settledTimes', () => {
  const at = (now: number) =>
    settledTimes(
      {
        type: 'circuit-breaker',
        name: 'okx',
        forMs: now - 1_000.25,
        retryAfterMs: 31_000.5 - now,
        keys: { shown: { BTC: { forMs: now - 2_000 } } },
        endpoints: [{ id: 'a', returnsInMs: 9_000 - now, errorRate: 0.123456 }],
        pausedForMs: 0,
      },
      now,
    );

  it('turns spans into points in time, so that what stands still looks the same at any time', () => {
    expect(at(5_000)).toEqual({
      type: 'circuit-breaker',
      name: 'okx',
      since: 1_000,
      retryAt: 31_001,
      keys: { shown: { BTC: { since: 2_000 } } },
      endpoints: [{ id: 'a', returnsAt: 9_000, errorRate: 0.1235 }],
      pausedUntil: 0,
    });
    expect(at(6_234.5)).toEqual(at(5_000));
  });

  it('shows what never ends as null, and what is over as 0', () => {
    const shown = settledTimes({ type: 'x', name: 'y', retryAfterMs: Infinity, returnsInMs: -5 }, 100);
    expect(shown).toEqual({ type: 'x', name: 'y', retryAt: null, returnsAt: 0 });
  });
});

describe('pageParts', () => {
  it('has a part for the score, the alerts, each dependency and each policy', () => {
    const snapshots = [
      { type: 'circuit-breaker', name: 'okx', state: 'open', window: { calls: 0 } },
      { type: 'retry', name: 'okx', lastOperations: Array.from({ length: 50 }, (_, index) => ({ index })) },
    ];
    const parts = pageParts({ snapshots, health: scoreSystem(snapshots), alerts: [] }, 0);
    expect([...parts.keys()]).toEqual([
      'score',
      'alerts',
      'health/okx',
      'policy/circuit-breaker/okx',
      'policy/retry/okx',
    ]);
    expect(JSON.parse(parts.get('score')!)).toEqual({ score: 0, dependencies: 1 });
    expect(JSON.parse(parts.get('policy/retry/okx')!)).toMatchObject({
      lastOperations: Array.from({ length: 10 }, (_, index) => ({ index: index + 40 })),
    });
  });

  it('shows no secret that came with an error or an address', () => {
    const snapshots = [
      {
        type: 'circuit-breaker',
        name: 'okx',
        openedBy: { reason: 'failure-rate', error: 'Error: GET https://me:hunter22@okx.com/?apiKey=abcdef' },
      },
    ];
    const parts = pageParts({ snapshots, health: scoreSystem(snapshots), alerts: [] }, 0);
    expect([...parts.values()].join()).not.toMatch(/hunter22|abcdef/);
  });
});

describe('timelineEntry', () => {
  const words = (change: 'draining' | 'ejected' | 'returned', cause: string) =>
    timelineEntry({ type: 'load-balancer.endpoint', policy: 'okx', at: 1, endpoint: 'b', change, cause })?.text;

  it('says in words why an endpoint came or went', () => {
    expect(words('draining', 'code')).toBe('b draining, as was asked for');
    expect(words('ejected', 'consecutive-failures')).toBe('b ejected: consecutive failures');
    expect(words('returned', 'consecutive-failures')).toBe('b returned, after consecutive failures');
  });
});

describe('Timeline', () => {
  const entry = (name: string, at: number): TimelineEntry => ({ name, at, kind: 'circuit', text: '' });

  it('keeps the latest of every name, so that a restless one does not push out the others', () => {
    const timeline = new Timeline({ perName: 2, names: 2 });
    timeline.add(entry('quiet', 1));
    for (let at = 2; at <= 9; at += 1) timeline.add(entry('restless', at));
    expect(timeline.entries()).toEqual([entry('quiet', 1), entry('restless', 8), entry('restless', 9)]);
  });

  it('forgets the name that was quiet longest when there are too many', () => {
    const timeline = new Timeline({ perName: 2, names: 2 });
    for (const [at, name] of ['a', 'b', 'a', 'c'].entries()) timeline.add(entry(name, at));
    expect(timeline.entries().map(({ name }) => name)).toEqual(['a', 'a', 'c']);
  });
});
