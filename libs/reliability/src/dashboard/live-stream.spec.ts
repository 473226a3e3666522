import fc from 'fast-check';
import { ManualClock } from '../testing/manual-clock.js';
import { deltaOf } from './delta.js';
import { LiveStream, type LiveStreamOptions } from './live-stream.js';
import type { LiveMessage, TimelineEntry } from './wire.js';

/** A reader that takes what it is told when it wants to. */
class Reader {
  readonly messages: LiveMessage[] = [];
  pendingBytes = 0;
  ended = false;

  write(text: string): void {
    expect(text).toMatch(/^data: [^\n]+\n\n$/);
    this.messages.push(JSON.parse(text.slice(6)) as LiveMessage);
  }

  pending(): number {
    return this.pendingBytes;
  }

  end(): void {
    this.ended = true;
  }
}

/** What a page makes of the messages. */
function read(messages: readonly LiveMessage[]): { parts: Record<string, unknown>; log: readonly TimelineEntry[] } {
  let parts: Record<string, unknown> = {};
  let log: readonly TimelineEntry[] = [];
  for (const { full, set, gone, log: more = [] } of messages) {
    parts = full ? { ...set } : { ...parts, ...set };
    for (const id of gone ?? []) delete parts[id];
    log = full ? more : [...log, ...more];
  }
  return { parts, log };
}

const entry = (at: number): TimelineEntry => ({ at, name: 'okx', kind: 'circuit', text: String(at) });

function start(options?: LiveStreamOptions) {
  const clock = new ManualClock();
  const parts = new Map<string, string>();
  const history: TimelineEntry[] = [];
  let looks = 0;
  const source = {
    parts: () => {
      looks += 1;
      return new Map(parts);
    },
    history: () => history,
  };
  const stream = new LiveStream(source, clock, options);
  const note = (at: number) => {
    history.push(entry(at));
    stream.note(entry(at));
  };
  return { clock, parts, history, stream, note, looks: () => looks };
}

describe('deltaOf', () => {
  it('names what is new, what differs and what is gone, and nothing else', () => {
    const before = new Map([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
    const after = new Map([
      ['a', '1'],
      ['b', '5'],
      ['d"', '{"x":1}'],
    ]);
    expect(deltaOf(before, after)).toEqual({ set: '{"b":5,"d\\"":{"x":1}}', gone: ['c'] });
    expect(deltaOf(after, after)).toEqual({ set: undefined, gone: [] });
  });
});

describe('LiveStream', () => {
  it('tells a reader everything first, then only what changed', () => {
    const { clock, parts, stream, note } = start();
    parts.set('score', '90').set('policy/retry/okx', '{"calls":1}');
    note(1);
    const reader = new Reader();
    stream.connect(reader, new Map([['app', '{"mayAct":true}']]));
    parts.set('policy/retry/okx', '{"calls":2}');
    note(2);
    clock.advance(1_000);

    expect(reader.messages).toEqual([
      {
        v: 1,
        now: 0,
        wall: Date.UTC(2026, 0, 1),
        full: true,
        set: { score: 90, 'policy/retry/okx': { calls: 1 }, app: { mayAct: true } },
        log: [entry(1)],
      },
      {
        v: 1,
        now: 1_000,
        wall: Date.UTC(2026, 0, 1) + 1_000,
        set: { 'policy/retry/okx': { calls: 2 } },
        log: [entry(2)],
      },
    ]);
  });

  it('says nothing while nothing changes, but for a beat every ten seconds', () => {
    const { clock, stream } = start();
    const reader = new Reader();
    stream.connect(reader);
    clock.advance(25_000);
    expect(reader.messages.slice(1).map(({ now, set }) => [now, set])).toEqual([
      [10_000, undefined],
      [20_000, undefined],
    ]);
  });

  it('looks at nothing without readers', () => {
    const { clock, stream, looks } = start();
    clock.advance(60_000);
    expect(looks()).toBe(0);
    const end = stream.connect(new Reader());
    clock.advance(3_000);
    expect(looks()).toBe(4);
    end?.();
    clock.advance(60_000);
    expect(looks()).toBe(4);
    expect(stream.readers).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('takes no more readers than it may have', () => {
    const { stream } = start({ maxReaders: 2 });
    const end = stream.connect(new Reader());
    stream.connect(new Reader());
    expect(stream.connect(new Reader())).toBeUndefined();
    end?.();
    expect(stream.connect(new Reader())).toBeDefined();
  });

  it('leaves out a reader that does not keep up, and tells it everything once it has caught up', () => {
    const { clock, parts, stream } = start({ maxPendingBytes: 100 });
    const slow = new Reader();
    const quick = new Reader();
    stream.connect(slow);
    stream.connect(quick);
    slow.pendingBytes = 101;
    for (let value = 1; value <= 3; value += 1) {
      parts.set('score', String(value));
      clock.advance(1_000);
    }
    slow.pendingBytes = 0;
    parts.set('score', '4');
    clock.advance(1_000);

    expect(slow.messages.map(({ full, set }) => [full, set?.['score']])).toEqual([
      [true, undefined],
      [true, 4],
    ]);
    expect(quick.messages.map(({ set }) => set?.['score'])).toEqual([undefined, 1, 2, 3, 4]);
  });

  it('lets go of a reader that never catches up', () => {
    const { clock, stream } = start({ maxPendingBytes: 100, maxLagMs: 5_000 });
    const stuck = new Reader();
    stream.connect(stuck);
    stuck.pendingBytes = 1_000;
    clock.advance(5_000);
    expect(stuck.ended).toBe(false);
    clock.advance(2_000);
    expect(stuck.ended).toBe(true);
    expect(stream.readers).toBe(0);
  });

  it('shows any reader, slow or not, in the end what there is', () => {
    const steps = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        value: fc.option(fc.nat(3), { nil: undefined }),
        slow: fc.boolean(),
        joins: fc.boolean(),
        notes: fc.nat(2),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, (given) => {
        const { clock, parts, history, stream, note } = start({ maxPendingBytes: 10, maxReaders: 40 });
        const readers = [new Reader()];
        stream.connect(readers[0]!);
        for (const { id, value, slow, joins, notes } of given) {
          if (value === undefined) parts.delete(id);
          else parts.set(id, String(value));
          for (let count = 0; count < notes; count += 1) note(clock.now());
          readers[0]!.pendingBytes = slow ? 20 : 0;
          if (joins) {
            const reader = new Reader();
            readers.push(reader);
            stream.connect(reader);
          }
          clock.advance(1_000);
        }
        readers[0]!.pendingBytes = 0;
        clock.advance(2_000);
        const shown = Object.fromEntries([...parts].map(([id, json]) => [id, JSON.parse(json) as unknown]));
        for (const { messages } of readers) expect(read(messages)).toEqual({ parts: shown, log: history });
      }),
      { numRuns: 300 },
    );
  });
});
