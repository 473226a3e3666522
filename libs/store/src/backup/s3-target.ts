import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';

import { StoreError } from '../errors.js';
import type { BackupTarget } from './backup-target.js';

export interface S3Options {
  bucket: string;
  /** Before every name. Default none. */
  prefix?: string;
  /** Of S3-compatible storage; default Amazon's. */
  endpoint?: string;
  region?: string;
  /** Default: where the AWS SDK looks for them (environment, files, role). */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

const DELETE_AT_ONCE = 1_000;

/** Backups in a bucket of S3-compatible storage. */
export function s3Target({
  bucket,
  prefix = '',
  endpoint,
  region = 'us-east-1',
  credentials,
}: S3Options): BackupTarget {
  const client = new S3Client({
    region,
    maxAttempts: 5,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
  });
  const base = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const place = `s3://${bucket}/${base}`;
  const attempt = async <R>(doing: string, work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (cause) {
      const { name, message } = cause as Error;
      throw new StoreError('BACKUP', `${place}: ${doing}: ${name}: ${message}`, { cause });
    }
  };
  const target: BackupTarget = {
    name: place,
    put: async (name, bytes) => {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: base + name,
          Body: bytes,
          ContentMD5: createHash('md5').update(bytes).digest('base64'), // a body damaged on the way is refused
        }),
      );
    },
    get: async (name) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: base + name }));
        return Body === undefined ? undefined : Buffer.from(await Body.transformToByteArray());
      } catch (error) {
        if (error instanceof NoSuchKey || (error as { name?: string }).name === 'NotFound') return undefined;
        throw error;
      }
    },
    list: async () => {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: base, ContinuationToken: token }),
        );
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) names.push(Key.slice(base.length));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return names.sort();
    },
    delete: async (names) => {
      for (let from = 0; from < names.length; from += DELETE_AT_ONCE) {
        const Objects = names.slice(from, from + DELETE_AT_ONCE).map((name) => ({ Key: base + name }));
        const { Errors } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        if (Errors !== undefined && Errors.length > 0)
          throw new Error(`deleting ${Errors[0]?.Key}: ${Errors[0]?.Message}`);
      }
    },
  };
  return {
    name: place,
    put: (name, bytes) => attempt(`writing ${name}`, () => target.put(name, bytes)),
    get: (name) => attempt(`reading ${name}`, () => target.get(name)),
    list: () => attempt('listing', () => target.list()),
    delete: (names) => attempt('deleting', () => target.delete(names)),
  };
}
