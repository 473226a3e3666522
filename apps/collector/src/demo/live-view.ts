import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { ExchangeProgress } from './progress.js';

export interface Frame {
  readonly elapsedMs: number;
  readonly leftMs: number | undefined;
  readonly written: number;
  readonly queued: number;
  readonly exchanges: readonly ExchangeProgress[];
}

/** Shows progress: a table that redraws itself on a terminal, lines elsewhere. */
export interface LiveView {
  show(frame: Frame): void;
  /** Something worth a line of its own. */
  note(line: string): void;
  end(): void;
}

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};
const NOTES_SHOWN = 6;
const PLAIN_EVERY_MS = 5_000;

export function liveView(stream: NodeJS.WriteStream): LiveView {
  return stream.isTTY ? new TableView(stream) : new LineView(stream);
}

class TableView implements LiveView {
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #notes: string[] = [];

  constructor(private readonly stream: NodeJS.WriteStream) {
    this.#update = createLogUpdate(stream);
  }

  show(frame: Frame): void {
    const table = new Table({
      head: ['exchange', 'breaker', 'hosts', 'age', 'polls', 'failed', 'retries', 'refused', 'waits', 'rows', 'last'],
      chars: BORDERLESS,
      style: { head: ['gray'], border: [], 'padding-left': 0, 'padding-right': 1 },
      colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    });
    const room = Math.max(10, (this.stream.columns ?? 100) - 86);
    for (const it of frame.exchanges) {
      table.push([
        it.id,
        breaker(it.breaker),
        it.hosts.map((up) => (up ? pc.green('●') : pc.red('○'))).join(''),
        age(it.ageMs),
        String(it.polls),
        it.failures > 0 ? pc.yellow(String(it.failures)) : '0',
        String(it.retries),
        String(it.refusals),
        String(it.limiterWaits),
        it.rows.toLocaleString('en'),
        it.ok === false ? pc.red(it.lastResult.slice(0, room)) : it.lastResult.slice(0, room),
      ]);
    }
    const notes = this.#notes.map((line) => pc.dim(line.slice(0, (this.stream.columns ?? 100) - 2)));
    this.#update([headline(frame), '', table.toString(), '', ...notes].join('\n'));
  }

  note(line: string): void {
    this.#notes.push(line);
    if (this.#notes.length > NOTES_SHOWN) this.#notes.shift();
  }

  end(): void {
    this.#update.done();
  }
}

class LineView implements LiveView {
  #shownAt = -Infinity;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(frame: Frame): void {
    if (frame.elapsedMs - this.#shownAt < PLAIN_EVERY_MS) return;
    this.#shownAt = frame.elapsedMs;
    this.#line(headline(frame));
    for (const it of frame.exchanges) {
      const up = it.hosts.filter(Boolean).length;
      this.#line(
        `  ${it.id.padEnd(13)} breaker ${it.breaker.padEnd(9)} hosts ${up}/${it.hosts.length}  age ${age(it.ageMs)}  polls ${it.polls}` +
          `  failed ${it.failures}  retries ${it.retries}  refused ${it.refusals}  waits ${it.limiterWaits}  rows ${it.rows}  ${it.lastResult}`,
      );
    }
  }

  note(line: string): void {
    this.#line(`  ${line}`);
  }

  end(): void {}

  #line(text: string): void {
    this.stream.write(`${text}\n`);
  }
}

function headline({ elapsedMs, leftMs, written, queued }: Frame): string {
  const left = leftMs === undefined ? 'Ctrl-C ends' : `${Math.ceil(leftMs / 1_000)} s left`;
  return `${Math.floor(elapsedMs / 1_000)} s  ${left}  ${written.toLocaleString('en')} rows stored, ${queued.toLocaleString('en')} on their way`;
}

function age(ms: number | undefined): string {
  if (ms === undefined) return '–';
  const text = `${(ms / 1_000).toFixed(1)} s`;
  return ms > 3_000 ? pc.yellow(text) : text;
}

function breaker(state: string): string {
  if (state === 'closed') return pc.green(state);
  return state === 'open' ? pc.red(state) : pc.yellow(state);
}
