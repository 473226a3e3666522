import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { StoreError } from '../errors.js';

const MAGIC = Buffer.from('MPB1');
const ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = MAGIC.length + ID_BYTES + IV_BYTES;

/**
 * Keys for AES-256-GCM. The first encrypts; all of them decrypt, so that a key is rotated by putting a new one in front and
 * dropping the old one when no backup under it is left.
 */
export class BackupKeys {
  readonly #keys: readonly Buffer[];

  /** @throws StoreError `INVALID` for a key that has not 32 bytes */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0) throw new StoreError('INVALID', 'backup keys: there must be one at least, got none');
    const wrong = keys.findIndex((key) => key.length !== 32);
    if (wrong !== -1)
      throw new StoreError(
        'INVALID',
        `backup key ${wrong + 1} of ${keys.length}: must have 32 bytes, as 64 hexadecimal digits or in base64; got ${keys[wrong]?.length}`,
      );
    this.#keys = keys;
  }

  /** Keys as text, separated by commas or lines: 64 hexadecimal digits or base64 each, the newest first. */
  static parse(text: string): BackupKeys {
    const parts = text.split(/[\s,]+/).filter((part) => part !== '');
    return new BackupKeys(parts.map((part) => Buffer.from(part, /^[0-9a-f]{64}$/i.test(part) ? 'hex' : 'base64')));
  }

  /** @throws StoreError `INVALID` for a file that cannot be read, or holds something else */
  static fromFile(path: string): BackupKeys {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new StoreError('INVALID', `key file ${path}: cannot be read: ${(cause as Error).message}`, { cause });
    }
    try {
      return BackupKeys.parse(text);
    } catch (error) {
      throw new StoreError('INVALID', `key file ${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** @param context what the bytes are: they decrypt under the same only, so that parts cannot be exchanged */
  encrypt(bytes: Buffer, context: string): Buffer {
    const key = this.#keys[0] as Buffer;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
    return Buffer.concat([MAGIC, idOf(key), iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws StoreError `BACKUP` for a key that is not known, and for bytes that are not what was encrypted */
  decrypt(bytes: Buffer, context: string): Buffer {
    if (bytes.length < HEAD_BYTES + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
      throw new StoreError('BACKUP', `${context}: not an encrypted backup part, or cut short`);
    const id = bytes.subarray(MAGIC.length, MAGIC.length + ID_BYTES);
    const key = this.#keys.find((one) => idOf(one).equals(id));
    if (key === undefined)
      throw new StoreError(
        'BACKUP',
        `${context}: encrypted under key ${id.toString('hex')}, which is not among the keys given`,
      );
    const iv = bytes.subarray(MAGIC.length + ID_BYTES, HEAD_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, iv)
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new StoreError('BACKUP', `${context}: damaged, or not the part it should be`, { cause });
    }
  }

  /** Proves that a text was written under one of the keys. */
  sign(text: string): string {
    return `${idOf(this.#keys[0] as Buffer).toString('hex')}:${mac(this.#keys[0] as Buffer, text)}`;
  }

  isSigned(text: string, signature: string): boolean {
    const [id, value] = signature.split(':');
    return this.#keys.some((key) => idOf(key).toString('hex') === id && mac(key, text) === value);
  }
}

/** Names a key without giving it away. */
const idOf = (key: Buffer): Buffer =>
  createHash('sha256').update('backup-key-id').update(key).digest().subarray(0, ID_BYTES);

const mac = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('hex');
