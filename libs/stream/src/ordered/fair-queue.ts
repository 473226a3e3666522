import { Fifo } from './fifo.js';

export interface FairQueueLimits {
  /** Batches of one topic in work at once. */
  perTopic(topic: string): number;
  /** Batches of one key in work at once; 1 keeps the order of a key. */
  readonly perKey: number;
  /** Batches in work at once, over all topics. */
  readonly total: number;
}

interface Lane<T> {
  readonly topic: Topic<T>;
  readonly key: string;
  readonly items: Fifo<Queued<T>>;
  running: number;
  listed: boolean;
}

interface Topic<T> {
  readonly name: string;
  readonly lanes: Map<string, Lane<T>>;
  readonly ready: Fifo<Lane<T>>;
  running: number;
  listed: boolean;
}

interface Queued<T> {
  readonly item: T;
  readonly bytes: number;
  readonly enqueuedAt: number;
}

/** Work that was taken together: of one topic, each key's items in their order. */
export interface FairBatch<T> {
  readonly topic: string;
  readonly items: readonly T[];
  readonly bytes: number;
  /** When each item was enqueued, in the order of `items`. */
  readonly enqueuedAt: readonly number[];
  /** @internal */
  readonly lanes: readonly unknown[];
}

/**
 * Items by topic and key. Topics take turns, and within a topic its keys do, so that a busy one never starves another; the
 * items of a key come out in the order they went in, and with `perKey` 1 never while earlier ones are in work.
 *
 * Every operation takes constant time per item, amortized, and nothing is kept of a key without items and work.
 */
export class FairQueue<T> {
  readonly #limits: FairQueueLimits;
  readonly #topics = new Map<string, Topic<T>>();
  readonly #turn = new Fifo<Topic<T>>();
  readonly #waiting = new Set<Queued<T>>();
  #bytes = 0;
  #running = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /** Items waiting. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Batches in work. */
  get running(): number {
    return this.#running;
  }

  get topics(): number {
    return this.#topics.size;
  }

  get keys(): number {
    let keys = 0;
    for (const { lanes } of this.#topics.values()) keys += lanes.size;
    return keys;
  }

  /** When the item that waits longest was enqueued. */
  get oldest(): number | undefined {
    for (const { enqueuedAt } of this.#waiting) return enqueuedAt;
    return undefined;
  }

  enqueue(topicName: string, key: string, item: T, bytes: number, now: number): void {
    let topic = this.#topics.get(topicName);
    if (topic === undefined) {
      topic = { name: topicName, lanes: new Map(), ready: new Fifo(), running: 0, listed: false };
      this.#topics.set(topicName, topic);
    }
    let lane = topic.lanes.get(key);
    if (lane === undefined) {
      lane = { topic, key, items: new Fifo(), running: 0, listed: false };
      topic.lanes.set(key, lane);
    }
    const queued = { item, bytes, enqueuedAt: now };
    lane.items.push(queued);
    this.#waiting.add(queued);
    this.#bytes += bytes;
    this.#list(lane);
  }

  /** The next batch that may start: up to `maxItems`, and up to `maxBytes` but at least one item. */
  take(maxItems: number, maxBytes: number): FairBatch<T> | undefined {
    if (this.#running >= this.#limits.total) return undefined;
    for (let topic = this.#turn.shift(); topic !== undefined; topic = this.#turn.shift()) {
      topic.listed = false;
      if (topic.running >= this.#limits.perTopic(topic.name)) continue;
      const batch = this.#takeFrom(topic, maxItems, maxBytes);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  #takeFrom(topic: Topic<T>, maxItems: number, maxBytes: number): FairBatch<T> | undefined {
    const items: T[] = [];
    const enqueuedAt: number[] = [];
    const lanes = new Set<Lane<T>>();
    let bytes = 0;
    while (items.length < maxItems) {
      const lane = topic.ready.peek();
      const next = lane?.items.peek();
      if (lane === undefined) break;
      if (next === undefined || lane.running >= this.#limits.perKey) {
        topic.ready.shift(); // listed again when its work ends
        lane.listed = false;
        continue;
      }
      if (items.length > 0 && bytes + next.bytes > maxBytes) break;
      topic.ready.shift();
      lane.items.shift();
      this.#waiting.delete(next);
      this.#bytes -= next.bytes;
      items.push(next.item);
      enqueuedAt.push(next.enqueuedAt);
      bytes += next.bytes;
      lanes.add(lane);
      if (lane.items.size > 0) topic.ready.push(lane);
      else lane.listed = false;
    }
    if (items.length === 0) return undefined;
    for (const lane of lanes) lane.running += 1;
    topic.running += 1;
    this.#running += 1;
    this.#listTopic(topic);
    return { topic: topic.name, items, bytes, enqueuedAt, lanes: [...lanes] };
  }

  /** Ends a batch: its keys, and its topic, may go on. */
  finish(batch: FairBatch<T>): void {
    this.#running -= 1;
    const lanes = batch.lanes as readonly Lane<T>[];
    for (const lane of lanes) lane.running -= 1;
    const topic = lanes[0]?.topic;
    if (topic === undefined) return;
    topic.running -= 1;
    for (const lane of lanes) {
      if (lane.items.size > 0) this.#list(lane);
      else if (lane.running === 0) topic.lanes.delete(lane.key);
    }
    if (topic.lanes.size === 0) this.#topics.delete(topic.name);
    else this.#listTopic(topic);
  }

  /** Takes everything that waits and has not started, in order of arrival. */
  drain(): T[] {
    const items = [...this.#waiting].map(({ item }) => item);
    this.#waiting.clear();
    this.#bytes = 0;
    for (const topic of this.#topics.values()) {
      while (topic.ready.shift() !== undefined);
      for (const lane of topic.lanes.values()) {
        while (lane.items.shift() !== undefined);
        lane.listed = false;
        if (lane.running === 0) topic.lanes.delete(lane.key);
      }
      if (topic.lanes.size === 0) this.#topics.delete(topic.name);
    }
    return items;
  }

  #list(lane: Lane<T>): void {
    if (lane.listed || lane.running >= this.#limits.perKey) return;
    lane.listed = true;
    lane.topic.ready.push(lane);
    this.#listTopic(lane.topic);
  }

  #listTopic(topic: Topic<T>): void {
    if (topic.listed || topic.ready.size === 0 || topic.running >= this.#limits.perTopic(topic.name)) return;
    topic.listed = true;
    this.#turn.push(topic);
  }
}
