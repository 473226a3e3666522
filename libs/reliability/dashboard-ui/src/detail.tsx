import { BackIcon } from './icons.js';
import { Badge } from './badge.js';
import { BreakerSection } from './breaker-section.js';
import { EndpointsSection } from './endpoints-section.js';
import { BAND_LABELS, BAND_TONES, scoreTone } from './labels.js';
import { LimiterSection } from './limiter-section.js';
import { OtherSection } from './other-section.js';
import { RetrySection } from './retry-section.js';
import { overviewAddress } from './route.js';
import { SettingsSection } from './settings-section.js';
import { catalog, policiesOf } from './store.js';
import { summary } from './summary.js';
import { Transitions } from './timeline.js';
import { TrafficSection } from './traffic-section.js';
import { WorkSection } from './work-section.js';

const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  'circuit-breaker',
  'rate-limiter',
  'retry',
  'hedge',
  'load-balancer',
  'bulkhead',
  'time-limit',
  'deadline',
]);

/** Everything about one name. */
export function Detail({ name }: { readonly name: string }) {
  if (!catalog.value.has(name)) {
    return (
      <>
        <Back />
        <section class="card narrow">
          <h1>{name}</h1>
          <p>No policy of this name is in use.</p>
        </section>
      </>
    );
  }
  const own = summary(name).value;
  const policies = policiesOf(name);
  return (
    <>
      <Back />
      <header class="detail-head card">
        <div>
          <h1>{name}</h1>
          <p>
            <Badge tone={BAND_TONES[own.band]} label={BAND_LABELS[own.band]} />
            <span class="quiet">
              {' '}
              {own.reasons.length === 0 ? 'Nothing lowers its score.' : own.reasons.join(' · ')}
            </span>
          </p>
        </div>
        <p class={`points text ${scoreTone(own.score)}`} aria-label={`Health score ${own.score} of 100`}>
          <strong>{own.score}</strong>
          <span class="quiet">of 100</span>
        </p>
      </header>
      <div class="sections">
        {policies.has('circuit-breaker') && <BreakerSection name={name} of={policies.get('circuit-breaker')!} />}
        <TrafficSection name={name} endpoints={policies.get('load-balancer')?.['endpoints']} />
        {policies.has('load-balancer') && <EndpointsSection name={name} of={policies.get('load-balancer')!} />}
        {policies.has('rate-limiter') && <LimiterSection of={policies.get('rate-limiter')!} />}
        {(policies.has('retry') || policies.has('hedge')) && (
          <RetrySection retry={policies.get('retry')} hedge={policies.get('hedge')} />
        )}
        {['bulkhead', 'time-limit', 'deadline'].some((type) => policies.has(type)) && (
          <WorkSection policies={policies} />
        )}
        {[...policies]
          .filter(([type]) => !SHOWN_ELSEWHERE.has(type))
          .map(([type, of]) => (
            <OtherSection key={type} of={of} />
          ))}
        <section class="card" aria-labelledby="transitions">
          <h2 id="transitions">What happened</h2>
          <Transitions name={name} />
        </section>
        <SettingsSection name={name} />
      </div>
    </>
  );
}

const Back = () => (
  <nav class="back" aria-label="Back">
    <a href={overviewAddress()}>
      <BackIcon /> All dependencies
    </a>
  </nav>
);
