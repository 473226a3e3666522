import { spawnSync } from 'node:child_process';
import { findEngine } from '../engines/engine.js';

/** What `promtool check metrics` has to say about a scrape; empty when it is clean. */
export function checkMetrics(text: string): string {
  const { status, stdout, stderr } = spawnSync(findEngine('promtool')!, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return status === 0 ? `${stdout}${stderr}` : `ended with ${status}: ${stdout}${stderr}`;
}
