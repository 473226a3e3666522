import type { Strategy } from './picker.js';
import { RoundRobin, SmoothWeightedRoundRobin } from './rotation-pickers.js';
import { inFlightLoad, latencyLoad, PowerOfTwoChoices, RandomPicker } from './sampling-pickers.js';
import { leastConnections, lowestErrorRate, LowestScore, responseTime } from './scan-pickers.js';

export const STRATEGY_NAMES = [
  'round-robin',
  'weighted-round-robin',
  'least-connections',
  'response-time',
  'health-aware',
  'random',
  'power-of-two',
  'ewma',
  'peak-ewma',
  'adaptive',
] as const;

export type StrategyName = (typeof STRATEGY_NAMES)[number];

const ewma: Strategy = {
  name: 'ewma',
  latency: 'ewma',
  errorRate: false,
  createPicker: ({ random }) => new PowerOfTwoChoices(random, latencyLoad),
};

/** The built-in strategies by name. */
export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  'round-robin': {
    name: 'round-robin',
    latency: 'none',
    errorRate: false,
    createPicker: ({ random }) => new RoundRobin(random),
  },
  'weighted-round-robin': {
    name: 'weighted-round-robin',
    latency: 'none',
    errorRate: false,
    createPicker: ({ random }) => new SmoothWeightedRoundRobin(random),
  },
  'least-connections': {
    name: 'least-connections',
    latency: 'none',
    errorRate: false,
    createPicker: () => new LowestScore(leastConnections),
  },
  'response-time': {
    name: 'response-time',
    latency: 'ewma',
    errorRate: false,
    createPicker: () => new LowestScore(responseTime),
  },
  'health-aware': {
    name: 'health-aware',
    latency: 'none',
    errorRate: true,
    createPicker: () => new LowestScore(lowestErrorRate),
  },
  random: {
    name: 'random',
    latency: 'none',
    errorRate: false,
    createPicker: ({ random }) => new RandomPicker(random),
  },
  'power-of-two': {
    name: 'power-of-two',
    latency: 'none',
    errorRate: false,
    createPicker: ({ random }) => new PowerOfTwoChoices(random, inFlightLoad),
  },
  ewma,
  'peak-ewma': { ...ewma, name: 'peak-ewma', latency: 'peak-ewma' },
  adaptive: { ...ewma, name: 'adaptive' },
};

export function strategyOf(strategy: StrategyName | Strategy): Strategy {
  return typeof strategy === 'string' ? STRATEGIES[strategy] : strategy;
}
