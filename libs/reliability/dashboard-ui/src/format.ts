const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `1,234`, from a million `1.2M`. */
export const count = (value: number): string => (value >= 1_000_000 ? compact : whole).format(value);

/** Per second: `0.4`, `12`, `3.4K`. */
export function perSecond(value: number): string {
  if (value === 0) return '0';
  if (value < 10) return value.toFixed(1);
  return value < 10_000 ? whole.format(value) : compact.format(value);
}

export const percent = (share: number): string => {
  const points = share * 100;
  return `${points > 0 && points < 10 ? points.toFixed(1).replace(/\.0$/, '') : Math.round(points)} %`;
};

/** `12 ms`, `3.4 s`, `5 min`, `2 h`, `3 d`. */
export function duration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : '<1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600)
    return `${Math.floor(seconds / 60)} min${seconds < 600 && seconds % 60 >= 1 ? ` ${Math.floor(seconds % 60)} s` : ''}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const timeOfDay = (at: Date): string => clockTime.format(at);

/** `circuitBreaker` → `circuit breaker`; `load-balancer` → `load balancer`. */
export const words = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
