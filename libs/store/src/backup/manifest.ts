import { createHash } from 'node:crypto';
import { z } from 'zod';

import { StoreError } from '../errors.js';
import type { BackupKeys } from './backup-keys.js';

const part = z.strictObject({
  /** The backup that wrote it. */
  backup: z.string(),
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
});
const chunk = z.strictObject({ chunk: z.string(), rows: z.int(), sum: z.string(), part });
const table = z.strictObject({
  name: z.string(),
  ddl: z.string(),
  columns: z.array(z.string()),
  final: z.boolean(),
  /** The expression that cuts it into chunks. */
  by: z.string(),
  chunks: z.array(chunk),
});
const manifestSchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  kind: z.enum(['full', 'incremental']),
  /** The backup that an incremental one goes on from. */
  base: z.string().optional(),
  createdAt: z.string(),
  engine: z.string(),
  encrypted: z.boolean(),
  tables: z.array(table),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestTable = z.infer<typeof table>;
export type ManifestChunk = z.infer<typeof chunk>;
export type PartReference = z.infer<typeof part>;

export const MANIFEST = 'manifest.json';
export const manifestName = (id: string): string => `${id}/${MANIFEST}`;
export const partName = ({ backup, name }: Pick<PartReference, 'backup' | 'name'>): string => `${backup}/${name}`;
export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The manifest as it is stored: with its own checksum and, where there are keys, a signature. */
export function encodeManifest(manifest: Manifest, keys: BackupKeys | undefined): Buffer {
  const body = JSON.stringify(manifest);
  return Buffer.from(JSON.stringify({ body, sha256: sha256(body), ...(keys && { signature: keys.sign(body) }) }));
}

const envelope = z.strictObject({ body: z.string(), sha256: z.string(), signature: z.string().optional() });

/** @throws StoreError `BACKUP` for a manifest that is damaged, cut short, or not signed under one of the keys */
export function decodeManifest(bytes: Buffer, id: string, keys: BackupKeys | undefined): Manifest {
  const parsed = parse(bytes.toString(), envelope, id);
  if (sha256(parsed.body) !== parsed.sha256) throw new StoreError('BACKUP', `backup ${id}: its manifest is damaged`);
  if (keys !== undefined && (parsed.signature === undefined || !keys.isSigned(parsed.body, parsed.signature)))
    throw new StoreError('BACKUP', `backup ${id}: its manifest was not signed under any of the keys given`);
  return parse(parsed.body, manifestSchema, id);
}

function parse<T>(text: string, schema: z.ZodType<T>, id: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StoreError('BACKUP', `backup ${id}: its manifest cannot be read`, { cause });
  }
}
