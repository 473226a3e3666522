import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { createRateLimiter, type RateLimiterOptions, systemClock } from '@marketprism/reliability';

const SATURATED_MS = 10_000;
const SLOW_STEP_MS = 1;

/** Calls as fast as this process can for 10 s, and counts every window that ends with an admission. */
export function printAccuracy(): void {
  console.log('### Limiter, 10 s of saturating load: most admitted in any half-open window\n');
  console.log('| subject | limit | most | admitted | asked |\n| --- | --- | --- | --- | --- |');
  const subjects: Record<string, RateLimiterOptions & { limit: number; windowMs: number }> = {
    'exact sliding window': { algorithm: 'sliding-window', limit: 1_000, windowMs: 1_000 },
    'exact sliding window, short': { algorithm: 'sliding-window', limit: 7, windowMs: 13 },
    'gcra, burst 1': { algorithm: 'gcra', limit: 1_000, windowMs: 1_000 },
    'gcra, burst 1, odd interval': { algorithm: 'gcra', limit: 997, windowMs: 1_009 },
  };
  for (const [name, options] of Object.entries(subjects)) {
    // The limiter's own reading of the clock is when it admits: what lies between it and any other is no error of its.
    let now = 0;
    const clock = { ...unused, now: () => (now = systemClock.now()) };
    const limiter = createRateLimiter({ mode: 'reject', ...options }, { clock });
    const admitted: number[] = [];
    let asked = 0;
    const until = systemClock.now() + SATURATED_MS;
    while (systemClock.now() < until) {
      asked += 1;
      if (limiter.tryAcquire()) admitted.push(now);
    }
    const most = mostInAnyWindow(admitted, options.windowMs);
    const counts = [options.limit, most, admitted.length, asked].map((count) => count.toLocaleString('en'));
    console.log(`| ${name} | ${counts.join(' | ')} |`);
  }
  console.log('');
}

function mostInAnyWindow(times: readonly number[], windowMs: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Fills a limiter with keys and goes through them again, and times every single step. */
export async function printLongestStep(names: readonly string[]): Promise<void> {
  const collections: { start: number; end: number }[] = [];
  const note = (entries: readonly PerformanceEntry[]) =>
    collections.push(...entries.map(({ startTime, duration }) => ({ start: startTime, end: startTime + duration })));
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const limiter = createRateLimiter({ mode: 'reject', limit: 100, windowMs: 60_000, keys: { max: names.length } });
  const slow: { start: number; end: number; phase: string }[] = [];
  const cpuOfOthers: number[] = [];
  for (const phase of ['new keys', 'known keys', 'one key in, one out'] as const) {
    for (let index = 0; index < names.length; index += 1) {
      const name = phase === 'one key in, one out' ? `other-${index}` : names[index]!;
      const cpu = process.cpuUsage();
      const start = performance.now();
      limiter.tryAcquire(name);
      const end = performance.now();
      if (end - start < SLOW_STEP_MS) continue;
      slow.push({ start, end, phase });
      const { user, system } = process.cpuUsage(cpu);
      cpuOfOthers.push(end - start - (user + system) / 1_000);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  note(observer.takeRecords());
  observer.disconnect();
  console.log(`### Limiter, every step over ${names.length.toLocaleString('en')} keys\n`);
  console.log('| phase | longest step ms | of it collections of garbage | and other processes | steps over 1 ms |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const phase of ['new keys', 'known keys', 'one key in, one out']) {
    const steps = slow.flatMap((step, index) =>
      step.phase === phase ? [{ ...step, waited: cpuOfOthers[index]! }] : [],
    );
    const own = steps.map(({ start, end, waited }) => {
      const collecting = collections.reduce(
        (sum, each) => sum + Math.max(0, Math.min(end, each.end) - Math.max(start, each.start)),
        0,
      );
      return { whole: end - start, collecting, waited: Math.max(0, waited) };
    });
    const worst = own.toSorted((a, b) => rest(b) - rest(a))[0];
    const shown =
      worst === undefined
        ? ['below 1', '–', '–']
        : [worst.whole, worst.collecting, worst.waited].map((ms) => ms.toFixed(2));
    console.log(`| ${phase} | ${shown.join(' | ')} | ${steps.length} |`);
  }
  console.log('');
}

function rest({ whole, collecting, waited }: { whole: number; collecting: number; waited: number }): number {
  return whole - Math.max(collecting, waited);
}

const unused = { wallNow: () => 0, schedule: () => ({ cancel: () => undefined }) };
