import { openDatabase } from '@marketprism/store';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Engine } from '../../engines/engine.js';
import { forkTypeScript } from '../../engines/typescript-child.js';
import type { PipelineReport, PipelineTask } from './pipeline-process.js';

export interface KillPlan {
  readonly directory: string;
  readonly messages: number;
  /** Embedded nodes; 1 is an engine in the collector's own process. */
  readonly nodes: number;
  /** The NATS server, to be killed and hung as well; without it the stream is a journal. */
  readonly nats?: Engine & { readonly url: string };
  readonly kills: number;
  /** Uniform in [0, 1); seeded, so that a run can be repeated. */
  readonly random: () => number;
  readonly log?: (line: string) => void;
}

export interface KillResult {
  readonly messages: number;
  readonly kills: number;
  readonly serverFaults: number;
  /** Per node: rows after deduplication, and distinct ids. */
  readonly stored: readonly {
    readonly rows: number;
    readonly distinct: number;
    readonly missing: number;
    readonly physical: number;
  }[];
}

/** Publishes and stores messages while the process, its nodes and the server are killed; then counts what is stored. */
export async function killRun(plan: KillPlan): Promise<KillResult> {
  const { messages, kills, random, log = () => undefined } = plan;
  let acked = 0;
  let killed = 0;
  let serverFaults = 0;
  for (;;) {
    let done = false;
    const last = killed >= kills;
    const task: PipelineTask = {
      directory: plan.directory,
      natsUrl: plan.nats?.url,
      nodes: plan.nodes,
      from: acked,
      to: last ? messages : Math.min(messages, Math.ceil((messages * (killed + 1)) / (kills + 1))),
      window: 256,
    };
    const child = forkTypeScript('test/stream/kills/pipeline-process.ts', [JSON.stringify(task)]);
    const ended = once(child, 'exit');
    let begun = () => {};
    const publishing = new Promise<void>((resolve) => (begun = resolve));
    child.on('message', (report: PipelineReport) => {
      begun();
      if ('acked' in report) acked = Math.max(acked, report.acked);
      else done = last;
    });
    if (last) {
      const [code] = (await ended) as [number | null];
      if (!done) throw new Error(`the pipeline ended with ${code} before it was done`);
      break;
    }
    await Promise.race([publishing, ended]);
    if (plan.nats !== undefined && random() < 0.5) {
      serverFaults += 1;
      await faultServer(plan.nats, random);
    }
    await pause(random() * 400);
    child.kill(random() < 0.2 ? 'SIGSTOP' : 'SIGKILL');
    await pause(20);
    child.kill('SIGKILL');
    await ended;
    killed += 1;
    log(`kill ${killed} of ${kills}: ${acked} of ${messages} accepted`);
  }
  return { messages, kills: killed, serverFaults, stored: await count(plan) };
}

async function faultServer(server: Engine, random: () => number): Promise<void> {
  if (random() < 0.5) {
    server.hang();
    await pause(300);
    server.resume();
    return;
  }
  await server.kill();
  await pause(100);
  await server.start();
}

async function count({ directory, nodes, messages }: KillPlan): Promise<KillResult['stored']> {
  const results = [];
  const names = nodes === 1 ? ['database'] : Array.from({ length: nodes }, (_, index) => `node-${index}`);
  for (const name of names) {
    const database = await openDatabase({ dataDir: join(directory, name) });
    try {
      const [row] = await database.query<{ rows: string; distinct: string; missing: string; physical: string }>(
        'SELECT count() AS rows, uniqExact(id) AS distinct, {messages:UInt64} - uniqExactIf(n, n < {messages:UInt64}) AS missing, ' +
          '(SELECT count() FROM event) AS physical FROM event FINAL',
        { messages },
      );
      results.push({
        rows: Number(row?.rows),
        distinct: Number(row?.distinct),
        missing: Number(row?.missing),
        physical: Number(row?.physical),
      });
    } finally {
      await database.close();
    }
  }
  return results;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
