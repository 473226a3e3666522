import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** One operation, made by a subject after its set-up. */
export interface Operation {
  run(): unknown;
  /** Whether `run` gives its result at once: then it is not awaited. */
  readonly synchronous?: boolean;
}

/** Sets a subject up. It runs in a process of its own, so that no subject spoils another's compiled code or heap. */
export type Subject = () => Operation | Promise<Operation>;

/** Subjects compared in one run: time and bytes of one operation, as ratios to the floor. */
export interface Comparison {
  readonly title: string;
  /** The subject that is 1. */
  readonly floor: string;
  readonly subjects: Readonly<Record<string, Subject>>;
}

/** Heap held by each of many equal things. */
export interface HeapComparison {
  readonly title: string;
  /** How many are made. */
  readonly count: number;
  /** Makes `count` of them and gives what keeps them alive. */
  readonly heap: Readonly<Record<string, (count: number) => unknown>>;
}

export type Bench = Comparison | HeapComparison;

interface Round {
  readonly nsPerOp: number;
}

const ROUNDS = 15;
const ROUND_MS = 40;
const WARM_UP_ROUNDS = 3;
const BYTES_OPERATIONS = 2_000;
const BYTES_SAMPLES = 7;

/**
 * Runs the benches of a file: `await runBenches(import.meta.url, [...])`. Each subject has its own process; their
 * rounds are interleaved, so that a burst of other load on the machine hits all of them alike.
 */
export async function runBenches(moduleUrl: string, benches: readonly Bench[]): Promise<void> {
  const [benchIndex, subject] = process.argv.slice(2);
  if (benchIndex !== undefined && subject !== undefined) {
    await serve(benches[Number(benchIndex)]!, subject);
    return;
  }
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores\n`);
  for (const [index, bench] of benches.entries()) {
    if ('heap' in bench) await measureHeap(moduleUrl, bench, index);
    else await measureTime(moduleUrl, bench, index);
  }
}

async function measureTime(moduleUrl: string, bench: Comparison, index: number): Promise<void> {
  const names = Object.keys(bench.subjects);
  const processes = await Promise.all(names.map((name) => start(moduleUrl, index, name)));
  try {
    const bytes: number[] = [];
    for (const child of processes) {
      for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await ask<Round>(child, 'round');
      bytes.push(await ask<number>(child, 'bytes'));
    }
    const rounds: Round[][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const results: Round[] = [];
      for (const child of processes) results.push(await ask<Round>(child, 'round'));
      rounds.push(results);
    }
    printTimes(bench, names, rounds, bytes);
  } finally {
    for (const child of processes) child.kill();
  }
}

function printTimes(bench: Comparison, names: string[], rounds: readonly Round[][], bytes: readonly number[]): void {
  const floor = names.indexOf(bench.floor);
  const rows = names.map((name, place) => {
    const ratios = rounds.map((round) => round[place]!.nsPerOp / round[floor]!.nsPerOp);
    const nanoseconds = rounds.map((round) => round[place]!.nsPerOp);
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share));
    return [
      name,
      `${shown(median!)} (${shown(low!)}–${shown(high!)})`,
      shown(quantile(nanoseconds, 0.5)),
      String(bytes[place]),
    ];
  });
  printTable(bench.title, ['subject', `× ${bench.floor} (p25–p75)`, 'ns/op', 'bytes/op'], rows);
}

async function measureHeap(moduleUrl: string, bench: HeapComparison, index: number): Promise<void> {
  const rows: string[][] = [];
  for (const name of Object.keys(bench.heap)) {
    const child = await start(moduleUrl, index, name);
    rows.push([name, String(Math.round(await ask<number>(child, 'heap')))]);
    child.kill();
  }
  printTable(`${bench.title} (${bench.count.toLocaleString('en')} of them)`, ['subject', 'bytes each'], rows);
}

/** The side of a subject: does what it is told until it is killed. */
async function serve(bench: Bench, name: string): Promise<void> {
  if ('heap' in bench) {
    answer(() => heapPerItem(bench.count, bench.heap[name]!));
    return;
  }
  const operation = await bench.subjects[name]!();
  const run = operation.synchronous === true ? repeatAtOnce : repeatAwaiting;
  let operations = 16;
  answer(async (request) => {
    if (request === 'bytes') return bytesPerOperation(run, operation);
    const round = await timedRound(run, operation, operations);
    operations = Math.max(16, Math.ceil((ROUND_MS * 1e6) / round.nsPerOp));
    return round;
  });
}

type Repeat = (operation: Operation, times: number) => void | Promise<void>;

async function repeatAwaiting(operation: Operation, times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) await operation.run();
}

function repeatAtOnce(operation: Operation, times: number): void {
  for (let done = 0; done < times; done += 1) operation.run();
}

async function timedRound(run: Repeat, operation: Operation, times: number): Promise<Round> {
  const started = process.hrtime.bigint();
  await run(operation, times);
  return { nsPerOp: Number(process.hrtime.bigint() - started) / times };
}

/** Few enough operations that no collection falls in between; the median of several samples. */
async function bytesPerOperation(run: Repeat, operation: Operation): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < BYTES_SAMPLES; sample += 1) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await run(operation, BYTES_OPERATIONS);
    samples.push((process.memoryUsage().heapUsed - before) / BYTES_OPERATIONS);
  }
  return Math.round(quantile(samples, 0.5));
}

function heapPerItem(count: number, make: (count: number) => unknown): number {
  make(10);
  collectGarbage();
  const before = heldBytes();
  const kept = make(count);
  collectGarbage();
  const after = heldBytes();
  return kept === undefined ? 0 : (after - before) / count;
}

/** What arrays of numbers hold lies outside the heap. */
function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('Run with --expose-gc, as `npm run bench` does');
  globalThis.gc();
  globalThis.gc();
}

async function start(moduleUrl: string, index: number, name: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(moduleUrl), [String(index), name], { stdio: 'inherit' });
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error(`"${name}" ended before it was set up`)));
  await once(child, 'message', { signal: ended.signal });
  return child;
}

function answer(work: (request: string) => unknown): void {
  process.on('message', (request) => {
    void Promise.resolve(work(String(request))).then((result) => process.send!(result));
  });
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}

function ask<T>(child: ChildProcess, request: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: unknown) => {
      child.off('exit', onExit);
      resolve(result as T);
    };
    const onExit = (code: number | null) => {
      child.off('message', onMessage);
      reject(new Error(`${child.spawnargs.slice(-1).join(' ')} ended with ${code}`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.send(request);
  });
}

function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`### ${title}\n\n| ${head.join(' | ')} |\n|${head.map(() => ' --- ').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log('');
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1) + 0.5)]!;
}

function shown(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}
