import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, findEngine, freePort } from './engine.js';

/** An answer of Prometheus' HTTP API to a query over a time. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: number, value: string])[];
}

/** A Prometheus with data in `directory`; not started yet. */
export async function prometheusServer(
  directory: string,
  targets: Readonly<Record<string, string>>,
): Promise<PrometheusServer> {
  const port = await freePort();
  const config = join(directory, 'prometheus.yml');
  mkdirSync(directory, { recursive: true });
  const jobs = Object.entries(targets).map(
    ([job, target]) => `  - job_name: ${job}\n    static_configs: [{ targets: ['${target}'] }]\n`,
  );
  writeFileSync(config, `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n${jobs.join('')}`);
  return new PrometheusServer(directory, config, port);
}

export class PrometheusServer extends Engine {
  readonly url: string;

  constructor(directory: string, config: string, port: number) {
    super({
      program: findEngine('prometheus')!,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      port,
    });
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Asks `path` of the API; throws what it says is wrong. */
  async ask<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${answer.error}`);
    return answer.data;
  }

  /** The series of a query over the last `seconds`. */
  async range(query: string, seconds: number): Promise<readonly Series[]> {
    const end = Date.now() / 1_000;
    const range = { query, start: String(end - seconds), end: String(end), step: '1' };
    return (await this.ask<{ result: readonly Series[] }>('query_range', range)).result;
  }
}
