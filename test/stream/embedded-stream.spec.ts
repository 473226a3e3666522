import { openStream, type Stream } from '@marketprism/stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeStream } from './stream.contract.js';

describe('a stream in a journal', () => {
  describeStream(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stream-'));
    let stream: Stream = await openStream({ journal: { directory } });
    return {
      stream,
      reopen: async () => {
        await stream.close();
        stream = await openStream({ journal: { directory } });
        return stream;
      },
      end: async () => {
        await stream.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });
});
