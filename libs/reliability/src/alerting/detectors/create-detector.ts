import type { SeriesRule } from '../rule.options.js';
import { AnomalyDetector } from './anomaly.js';
import { BurnRateDetector } from './burn-rate.js';
import type { Detector } from './detector.js';
import { ErrorRateDetector } from './error-rate.js';
import { FlappingDetector } from './flapping.js';
import { ForecastDetector } from './forecast.js';
import { ThresholdDetector } from './threshold.js';

export function createDetector(rule: SeriesRule): Detector {
  switch (rule.kind) {
    case 'threshold':
      return new ThresholdDetector(rule);
    case 'flapping':
      return new FlappingDetector(rule);
    case 'error-rate':
      return new ErrorRateDetector(rule);
    case 'burn-rate':
      return new BurnRateDetector(rule);
    case 'anomaly':
      return new AnomalyDetector(rule);
    case 'forecast':
      return new ForecastDetector(rule);
  }
}
