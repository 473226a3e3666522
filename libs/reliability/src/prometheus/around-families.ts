import { ofPolicy, ofSeveral } from './policy-family.js';
import { at, capped, each, field, fields, type Reading, seconds, seen } from './reading.js';

/** Reasons for giving up that have series of their own. */
const REASONS_SHOWN = 7;
const MS_PER_SECOND = 1_000;

/** The same of every class of error, added up. */
const sumOfClasses = (path: string): Reading => {
  const [classes, get] = [at('byClass'), at(path)];
  return {
    labels: [],
    read: (snapshot, samples, own) => {
      let sum = 0;
      for (const totals of Object.values(classes(snapshot) ?? {})) sum += Number(get(totals));
      samples.add(sum / MS_PER_SECOND, own);
    },
  };
};

const both = (reading: Reading) => ({ 'time-limit': reading, deadline: reading });

/** What the policies around a call have: retries, limits in time, fallbacks, hedges, sharing, chaos. */
export const AROUND_FAMILIES = [
  ...ofPolicy('retry', 'retry', [
    ['calls_total', 'counter', 'Calls', field('calls')],
    ['failed_first_total', 'counter', 'Calls whose first attempt failed', field('failedFirst')],
    ['attempts_repeated_total', 'counter', 'Attempts after the first', field('retries')],
    ['recovered_total', 'counter', 'Calls that a repetition saved', field('recovered')],
    ['sleeping', 'gauge', 'Calls waiting for their next attempt', field('sleeping')],
    ['stopped_total', 'counter', 'Failed calls not tried again, by reason', capped('stopped', 'reason', REASONS_SHOWN)],
    ['failures_total', 'counter', 'Failed attempts by class of error', each('byClass', 'class', 'failures')],
    ['delay_seconds_total', 'counter', 'Time waited between attempts, over all calls', sumOfClasses('delayMs')],
    ['budget_available', 'gauge', 'What the budget of repetitions would still grant', field('budget.available')],
    [
      'budget_decisions_total',
      'counter',
      'Repetitions that the budget granted and refused',
      fields('decision', { granted: 'budget.granted', refused: 'budget.refused' }),
    ],
  ]),
  ...ofSeveral('time_limit_', [
    ['limit_seconds', 'gauge', 'The limit in force: on an attempt, or on the whole call', both(seconds('limitMs'))],
    ['exceeded_total', 'counter', 'Waits that the limit ended', both(field('exceeded'))],
    ['abandoned_running', 'gauge', 'Work that still runs although nobody waits for it', both(field('running'))],
    [
      'late_total',
      'counter',
      'Work that ended after the limit without heeding its signal, by result',
      both(seen(fields('result', { value: 'lateResults', error: 'lateErrors' }))),
    ],
    ['cancelled_total', 'counter', 'Work that ended because its signal was aborted', both(seen(field('cancelled')))],
  ]),
  ...ofPolicy('fallback', 'fallback', [
    ['answers_total', 'counter', 'Answers given in place of a failure, by source', seen(each('answered', 'source'))],
    ['unanswered_total', 'counter', 'Failures that no step was meant for', field('unanswered')],
    ['failed_steps_total', 'counter', 'Steps that failed themselves', field('failedSteps')],
    ['kept_values', 'gauge', 'Last good values kept', field('kept')],
    [
      'unkeyed_results_total',
      'counter',
      'Results not kept since their arguments have no key',
      seen(field('withoutKey')),
    ],
  ]),
  ...ofPolicy('hedge', 'hedge', [
    ['calls_total', 'counter', 'Calls', field('calls')],
    ['sent_total', 'counter', 'Hedges sent', field('sent')],
    ['won_total', 'counter', 'Hedges that answered first', field('won')],
    ['suppressed_total', 'counter', 'Hedges not sent, by reason', seen(each('suppressed', 'reason'))],
    ['delay_seconds', 'gauge', 'Delay before a hedge', seconds('delayMs')],
    [
      'disposed_total',
      'counter',
      'Results of losers disposed of, by result',
      seen(fields('result', { ok: 'disposed', failed: 'disposeErrors' })),
    ],
  ]),
  ...ofPolicy('coalesce', 'coalesce', [
    [
      'calls_total',
      'counter',
      'Calls, by whose work answered them: their own, or that of an equal call under way',
      {
        labels: ['answered_by'],
        read: (snapshot, samples, own) => {
          const [calls, shared] = [Number(snapshot['calls']), Number(snapshot['shared'])];
          samples.add(calls - shared, own.with('answered_by', 'own'));
          samples.add(shared, own.with('answered_by', 'shared'));
        },
      },
    ],
    ['in_flight', 'gauge', 'Different calls under way', field('inFlight')],
    ['unkeyed_calls_total', 'counter', 'Calls not shared since their arguments have no key', seen(field('withoutKey'))],
  ]),
  ...ofPolicy('chaos', 'chaos', [
    ['on', 'gauge', 'Whether faults are being injected', field('on')],
    ['injected_total', 'counter', 'Faults injected by kind', seen(each('injected', 'kind'))],
  ]),
];
