import fc from 'fast-check';
import { Budget, type BudgetOptions } from './budget.js';

const tokens = (options: Partial<Extract<BudgetOptions, { form: 'tokens' }>> = {}): BudgetOptions => ({
  form: 'tokens',
  ratio: 0.2,
  minPerWindow: 0,
  windowMs: 10_000,
  costs: {},
  ...options,
});
const share = (options: Partial<Extract<BudgetOptions, { form: 'inFlight' }>> = {}): BudgetOptions => ({
  form: 'inFlight',
  ratio: 0.2,
  minInFlight: 0,
  costs: {},
  ...options,
});

/** A budget with a clock of its own. */
function budgetOf(options: BudgetOptions | false) {
  const time = { now: 0, readings: 0 };
  const budget = new Budget(options, () => {
    time.readings += 1;
    return time.now;
  });
  const open = (operations: number) => {
    for (let count = 0; count < operations; count += 1) budget.opened();
  };
  /** Takes until refused. */
  const takeAll = (now: number) => {
    let granted = 0;
    while (granted < 10_000 && budget.take('server', now)) granted += 1;
    return granted;
  };
  return { budget, time, open, takeAll };
}

describe('the token form', () => {
  it('grants a share of the first attempts of the window', () => {
    const { open, takeAll } = budgetOf(tokens());
    open(50);
    expect(takeAll(0)).toBe(10);
    open(5);
    expect(takeAll(0)).toBe(1);
  });

  it('grants the minimum where the share is less, not on top of it', () => {
    const { open, takeAll } = budgetOf(tokens({ minPerWindow: 7 }));
    open(20);
    expect(takeAll(0)).toBe(7);
    open(20);
    expect(takeAll(0)).toBe(1);
  });

  it('forgets first attempts and grants as they leave the window', () => {
    const { budget, open, takeAll } = budgetOf(tokens({ minPerWindow: 2 }));
    open(50);
    expect(takeAll(0)).toBe(10);
    expect(budget.inspect(9_999).available).toBe(0);
    expect(budget.inspect(10_000).available).toBe(2);
  });

  it('forgets a tenth of the window at a time', () => {
    const { budget, open } = budgetOf(tokens());
    open(50);
    budget.inspect(0);
    open(50);
    budget.inspect(5_000);
    expect([9_999, 10_000, 14_999, 15_000].map((now) => budget.inspect(now).available)).toEqual([20, 10, 10, 0]);
  });

  it('forgets everything after a long silence', () => {
    const { budget, open } = budgetOf(tokens());
    open(50);
    budget.inspect(3_000);
    expect(budget.inspect(1e9).available).toBe(0);
  });

  it('charges what the class of the failure costs', () => {
    const { budget, open } = budgetOf(tokens({ costs: { timeout: 2.5, hedge: 0 } }));
    open(25);
    expect([budget.take('timeout', 0), budget.take('timeout', 0), budget.take('timeout', 0)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([budget.take('server', 0), budget.take('hedge', 0)]).toEqual([false, true]);
  });

  it('gets nothing back: the load was put on the dependency', () => {
    const { budget, open, takeAll } = budgetOf(tokens());
    open(5);
    expect(takeAll(0)).toBe(1);
    budget.giveBack('server');
    expect(takeAll(0)).toBe(0);
  });

  it('reads its clock once in 64 first attempts', () => {
    const { time, open, takeAll } = budgetOf(tokens());
    open(63);
    expect(time.readings).toBe(0);
    open(65);
    expect(time.readings).toBe(2);
    time.now = 10_000;
    open(64);
    expect(takeAll(10_000)).toBe(12);
  });

  it('never grants more in a window than its share or its minimum, whatever happens', () => {
    const event = fc.record({
      after: fc.integer({ min: 0, max: 4_000 }),
      opened: fc.integer({ min: 0, max: 200 }),
      wanted: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (events, minPerWindow) => {
        const { budget, time, open } = budgetOf(tokens({ minPerWindow }));
        const log: { slice: number; opened: number; granted: number }[] = [];
        return events.every(({ after, opened, wanted }) => {
          time.now += after;
          open(opened);
          let granted = 0;
          for (let count = 0; count < wanted; count += 1) granted += budget.take('server', time.now) ? 1 : 0;
          const slice = Math.floor(time.now / 1_000);
          // Undated first attempts are dated when they are next looked at; here that is at once.
          budget.inspect(time.now);
          log.push({ slice, opened, granted });
          const window = log.filter((entry) => entry.slice > slice - 10);
          const sum = (of: 'opened' | 'granted') => window.reduce((total, entry) => total + entry[of], 0);
          return granted === 0 || sum('granted') <= Math.max(minPerWindow, 0.2 * sum('opened')) + 1e-9;
        });
      }),
    );
  });
});

describe('the share form', () => {
  it('grants a share of the operations under way', () => {
    const { budget, open, takeAll } = budgetOf(share());
    open(50);
    expect(takeAll(0)).toBe(10);
    budget.giveBack('server');
    expect(takeAll(0)).toBe(1);
  });

  it('shrinks as operations end, and never below its minimum', () => {
    const { budget, open } = budgetOf(share({ minInFlight: 3 }));
    open(50);
    expect(budget.inspect(0).available).toBe(10);
    for (let count = 0; count < 50; count += 1) budget.closed();
    expect(budget.inspect(0).available).toBe(3);
  });

  it('holds what the class costs until it is given back', () => {
    const { budget, open } = budgetOf(share({ costs: { timeout: 4 } }));
    open(50);
    budget.take('timeout', 0);
    expect(budget.inspect(0).available).toBe(6);
    budget.giveBack('timeout');
    expect(budget.inspect(0).available).toBe(10);
  });

  it('is not overdrawn by giving back what was not taken', () => {
    const { budget, open } = budgetOf(share());
    open(5);
    budget.giveBack('server');
    expect(budget.inspect(0).available).toBe(1);
  });
});

describe('any budget', () => {
  it('without a bound grants everything', () => {
    const { budget } = budgetOf(false);
    expect(budget.take('server', 0)).toBe(true);
    budget.giveBack('server');
    expect(budget.inspect(0)).toEqual({ form: 'unlimited', available: null, granted: 1, refused: 0 });
  });

  it('counts what it granted and refused', () => {
    const { budget, open } = budgetOf(tokens());
    open(5);
    budget.take('server', 0);
    budget.take('server', 0);
    budget.take('server', 0);
    expect(budget.inspect(0)).toEqual({ form: 'tokens', available: 0, granted: 1, refused: 2 });
    expect(budgetOf(share()).budget.inspect(0)).toEqual({ form: 'inFlight', available: 0, granted: 0, refused: 0 });
  });

  it('is not counted by a retry until one says so', () => {
    expect(budgetOf(false).budget.countedByRetry).toBe(false);
  });

  it.each([
    ['tokens, another share', tokens(), tokens({ ratio: 0.4 }), 19],
    ['tokens, another window: begins anew', tokens(), tokens({ windowMs: 5_000 }), 0],
    ['tokens to share', tokens(), share(), 10],
    ['share, another share', share(), share({ ratio: 0.4 }), 19],
    ['share to tokens: begins anew', share(), tokens({ minPerWindow: 3 }), 3],
    ['tokens to no bound', tokens(), false, null],
    ['share to no bound', share(), false, null],
    ['no bound to share', false, share(), 10],
  ] as const)('under new options: %s', (_name, before, after, available) => {
    const { budget, open } = budgetOf(before);
    open(50);
    budget.take('server', 0);
    budget.reconfigure(after);
    expect(budget.inspect(0).available).toBe(available);
  });

  it.each([
    ['dearer', {}, { timeout: 4 }, 6],
    ['cheaper', { timeout: 4 }, {}, 9],
  ])(
    'holds extra attempts under way at their new cost, and nothing once they end: %s',
    (_name, before, after, held) => {
      const { budget, open } = budgetOf(share({ costs: before }));
      open(50);
      budget.take('timeout', 0);
      budget.reconfigure(share({ costs: after }));
      expect(budget.inspect(0).available).toBe(held);
      budget.giveBack('timeout');
      expect(budget.inspect(0).available).toBe(10);
    },
  );

  it('takes the costs of its new options', () => {
    const { budget, open } = budgetOf(tokens());
    open(5);
    budget.reconfigure(tokens({ costs: { server: 2 } }));
    expect(budget.take('server', 0)).toBe(false);
    budget.reconfigure(false);
    expect(budget.take('server', 0)).toBe(true);
  });
});
