import { PolledConfigSource, type PolledConfigSourceOptions } from '@marketprism/reliability';
import { type KV, Kvm } from '@nats-io/kv';
import { StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface NatsConfigSourceOptions extends PolledConfigSourceOptions {
  /** Bucket, made where it does not exist; default `reliability`. */
  readonly bucket?: string;
  /** Default `config`. */
  readonly key?: string;
  /** Copies of the bucket in a cluster; 1 to 5, default 1. Only looked at when it is made. */
  readonly replicas?: number;
}

/** Earlier documents that the bucket keeps. */
const HISTORY = 16;

/**
 * A configuration in a NATS key-value bucket, shared by the instances that use it, over the user's own connection, which
 * stays the user's. What is changed on one instance is saved here and appears on the others at their next look.
 */
export class NatsConfigSource extends PolledConfigSource {
  constructor(
    connection: NatsConnection,
    { bucket = 'reliability', key = 'config', replicas = 1, ...options }: NatsConfigSourceOptions = {},
  ) {
    let opened: Promise<KV> | undefined;
    const open = (): Promise<KV> => {
      opened ??= new Kvm(connection)
        .create(bucket, { history: HISTORY, storage: StorageType.File, replicas, timeout: options.deadlineMs ?? 2_000 })
        .catch((error: unknown) => {
          opened = undefined;
          throw error;
        });
      return opened;
    };
    /** A bucket that was deleted is made again at the next turn. */
    const onBucket = async <T>(work: (kv: KV) => Promise<T>): Promise<T> => {
      try {
        return await work(await open());
      } catch (error) {
        opened = undefined;
        throw error;
      }
    };
    super(
      `nats ${bucket}/${key}`,
      {
        read: () =>
          onBucket(async (kv) => {
            const entry = await kv.get(key);
            if (entry === null || entry.operation !== 'PUT') return undefined;
            return { revision: String(entry.revision), text: entry.string() };
          }),
        write: (text, expected) =>
          onBucket(async (kv) => {
            try {
              const saved = expected === undefined ? kv.create(key, text) : kv.update(key, text, Number(expected));
              return String(await saved);
            } catch (error) {
              if (isWrongSequence(error)) return undefined;
              throw error;
            }
          }),
      },
      options,
    );
  }
}

/** JetStream's own code for a revision that is not the expected one. */
const WRONG_LAST_SEQUENCE = 10_071;

function isWrongSequence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === WRONG_LAST_SEQUENCE;
}
