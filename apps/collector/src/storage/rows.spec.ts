import { settlementVersion } from './rows.js';

const T = 1_795_231_030_000;

describe('settlementVersion', () => {
  const early = settlementVersion('observation', T, T - 8_000, T - 8_000);
  const last = settlementVersion('observation', T, T - 1, T - 1);
  const late = settlementVersion('observation', T, T, T);
  const later = settlementVersion('observation', T, T + 5_000, T + 5_000);
  const history = settlementVersion('history', T, T + 60_000, T + 60_000);

  it('lets the last observation before the settlement win over earlier ones', () => {
    expect(last > early).toBe(true);
  });

  it('lets history win over every observation', () => {
    expect(history > last).toBe(true);
  });

  it('lets an observation after the settlement count only when there is nothing better, the closest first', () => {
    expect(early > late).toBe(true);
    expect(late > later).toBe(true);
    expect(later > 0n).toBe(true);
  });

  it('judges lateness by the time of the venue where it is told', () => {
    expect(settlementVersion('observation', T, T - 10, T + 900) > late).toBe(true);
  });
});
