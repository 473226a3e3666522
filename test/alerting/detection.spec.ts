import { INCIDENT_KINDS, scoreDetection } from '../../bench/alerting-score.js';

/** Some of those that the figures in the docs are of, so that it does not take long. */
const SEEDS = Array.from({ length: 6 }, (_, index) => 10_001 + index);

describe('precision and recall on series with known incidents', () => {
  it.each(INCIDENT_KINDS)(
    'are at least 0.9 for: %s',
    (kind) => {
      const { incidents, alerts, precision, recall } = scoreDetection(kind, SEEDS);
      expect(incidents).toBeGreaterThan(10);
      expect(alerts).toBeGreaterThan(10);
      expect(precision).toBeGreaterThanOrEqual(0.9);
      expect(recall).toBeGreaterThanOrEqual(0.9);
    },
    600_000,
  );
});
