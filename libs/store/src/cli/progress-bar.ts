import cliProgress from 'cli-progress';

import type { Progress } from '../backup/backups.js';

/** A bar on a terminal, nothing elsewhere. */
export function progressBar(what: string): { progress: Progress; end: () => void } {
  if (!process.stderr.isTTY) return { progress: () => undefined, end: () => undefined };
  const bar = new cliProgress.SingleBar(
    { format: `${what} {bar} {percentage}% {value}/{total} {detail}`, stream: process.stderr, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(1, 0, { detail: '' });
  return {
    progress: (done, total, detail) => {
      bar.setTotal(Math.max(1, total));
      bar.update(done, { detail });
    },
    end: () => bar.stop(),
  };
}
