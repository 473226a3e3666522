import { type DecisionRule, each, figure, growth, percent, seconds } from './decision-rules.js';

const FLAPPING_OPENINGS = 3;
const LONGEST_OPEN_MS = 600_000;
const FEWEST_HEDGES = 20;
const HEDGES_WON = 0.2;
const HIGHEST_PERCENTILE = 0.995;
const FEWEST_REFUSED = 10;
const FEWEST_CALLS = 100;

/**
 * A circuit that opened three times within the span recovers too soon each time: it stays open twice as long, up to ten
 * minutes or the configured cap.
 */
export const lengthenOpenTime: DecisionRule = {
  name: 'lengthen-open-time',
  description: 'Doubles the open time of a circuit that keeps opening, up to 10 min or its cap',
  // It keeps calls away that might have succeeded.
  defaultMode: 'suggest',
  decide: (observation) =>
    each('circuit-breaker', observation, (now, before, options) => {
      const openings = growth(now, before, 'counters', 'openings');
      const from = Number(options['openForMs']);
      const cap = Math.min(LONGEST_OPEN_MS, Number(options['openForCapMs'] ?? LONGEST_OPEN_MS));
      const to = Math.min(2 * from, cap);
      if (openings < FLAPPING_OPENINGS || to <= from) return undefined;
      const explanation = `the circuit opened ${openings} times within ${seconds(observation.spanMs)}: it stays open for ${seconds(to)} instead of ${seconds(from)}`;
      return { option: ['circuitBreaker', 'openForMs'], from, to, explanation };
    }),
};

/**
 * Hedges that hardly ever win are load for nothing: they are sent to half as many calls. (Dean and Barroso, The Tail at
 * Scale, 2013, defer the second request past the 95th percentile for the same reason.)
 */
export const raiseHedgingDelay: DecisionRule = {
  name: 'raise-hedging-delay',
  description: 'Hedges half as many calls where fewer than 20 % of the hedges win',
  // Fewer extra attempts: no call is refused by it.
  defaultMode: 'apply',
  decide: (observation) =>
    each('hedge', observation, (now, before, options) => {
      const sent = growth(now, before, 'sent');
      const won = growth(now, before, 'won') / sent;
      if (sent < FEWEST_HEDGES || won >= HEDGES_WON) return undefined;
      const why = `${percent(won)} of ${sent} hedges won within ${seconds(observation.spanMs)}`;
      const fixed = options['delayMs'];
      if (typeof fixed === 'number') {
        const to = Math.min(Math.max(1, 2 * fixed), 10_000);
        if (to <= fixed) return undefined;
        return { option: ['hedge', 'delayMs'], from: fixed, to, explanation: `${why}: they are sent after ${to} ms` };
      }
      const from = Number(options['percentile']);
      const to = Math.min(HIGHEST_PERCENTILE, Number((1 - (1 - from) / 2).toFixed(6)));
      if (to <= from) return undefined;
      const explanation = `${why}: they are sent to the slowest ${percent1(1 - to)} of the calls instead of ${percent1(1 - from)}`;
      return { option: ['hedge', 'percentile'], from, to, explanation };
    }),
};

/** A bulkhead that is full and refuses takes what is urgent: calls of low priority are refused at once. */
export const shedLowPriority: DecisionRule = {
  name: 'shed-low-priority',
  description: 'Refuses calls of low priority at once while a bulkhead is full and refuses others',
  // It refuses calls.
  defaultMode: 'suggest',
  decide: (observation) =>
    each('bulkhead', observation, (now, before, options) => {
      const refused =
        growth(now, before, 'refused', 'full') +
        growth(now, before, 'refused', 'shed') +
        growth(now, before, 'refused', 'expired');
      const full = [now, before].every((snapshot) => figure(snapshot, 'used') >= figure(snapshot, 'limit'));
      if (!full || refused < FEWEST_REFUSED || options['leastUrgent'] === 'normal') return undefined;
      const explanation = `all ${figure(now, 'limit')} places are taken and ${refused} calls were refused within ${seconds(observation.spanMs)}: calls of low priority are refused at once`;
      return { option: ['bulkhead', 'leastUrgent'], from: options['leastUrgent'], to: 'normal', explanation };
    }),
};

/** Settings that do not fit what is seen, for people to look at. */
export const suggestSettings: DecisionRule = {
  name: 'suggest-settings',
  description: 'Suggests settings that fit what is seen better; never applies them',
  defaultMode: 'suggest',
  advice: true,
  decide: (observation) => [
    ...each('rate-limiter', observation, (now, before, options) => {
      const waits = growth(now, before, 'waits');
      const meanMs = growth(now, before, 'waitedMs') / waits;
      const limit = Number(options['limit']);
      if (waits < FEWEST_CALLS || meanMs < Number(options['maxWaitMs']) / 4) return undefined;
      const explanation = `${waits} calls waited ${Math.round(meanMs)} ms on average within ${seconds(observation.spanMs)}: if the other side allows it, raise the limit; else ask for less`;
      return { option: ['rateLimit', 'limit'], from: limit, to: Math.ceil(1.5 * limit), explanation };
    }),
    ...each('retry', observation, (now, before, options) => {
      const calls = growth(now, before, 'calls');
      const stopped = growth(now, before, 'stopped', 'budget');
      if (calls < FEWEST_CALLS || stopped < calls / 20) return undefined;
      const from = Number(options['attempts'] ?? 5);
      if (from <= 2) return undefined;
      const explanation = `the retry budget stopped ${stopped} of ${calls} calls within ${seconds(observation.spanMs)}: fewer attempts would reach more of them`;
      return { option: ['retry', 'attempts'], from, to: from - 1, explanation };
    }),
    ...each('bulkhead', observation, (now, before, options) => {
      const abandoned = Math.min(figure(now, 'abandoned'), figure(before, 'abandoned'));
      const limit = figure(now, 'limit');
      if (limit === 0 || abandoned < limit / 2) return undefined;
      const explanation = `${abandoned} of ${limit} places are held by work that nobody waits for any more: let it end with its signal`;
      return {
        option: ['bulkhead', 'maxConcurrent'],
        from: options['maxConcurrent'],
        to: options['maxConcurrent'],
        explanation,
      };
    }),
  ],
};

const percent1 = (share: number) => `${Number((100 * share).toFixed(1))} %`;

/** The rules that come with the library. */
export const BUILTIN_RULES: readonly DecisionRule[] = [
  shedLowPriority,
  lengthenOpenTime,
  raiseHedgingDelay,
  suggestSettings,
];
