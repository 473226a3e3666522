import { Command, InvalidArgumentError, Option } from 'commander';

export const FAULTS = ['none', 'default', 'storm'] as const;

export interface DemoOptions {
  /** ms; `undefined`: until Ctrl-C. */
  readonly duration: number | undefined;
  readonly faults: (typeof FAULTS)[number];
  readonly seed: number;
  /** `undefined`: a temporary directory, removed at the end. */
  readonly data: string | undefined;
  readonly json: string | undefined;
  readonly port: number;
  /** Embedded database nodes. */
  readonly nodes: number;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? NaN);
  if (!(ms >= 1_000 && ms <= 86_400_000)) throw new InvalidArgumentError('must be 1s to 24h, like 30s or 2m');
  return ms;
}

const whole = (most: number) => (text: string) => {
  if (!/^\d{1,10}$/.test(text) || Number(text) > most) throw new InvalidArgumentError(`must be 0 to ${most}`);
  return Number(text);
};

const nodes = (text: string) => {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('must be 1 to 9');
  return Number(text);
};

/** Reads the command line; `--help` and mistakes end the process. */
export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description(
      'Eight simulated exchanges on this machine, and the collector against them: rates fetched through the protection\n' +
        'chain into an embedded ClickHouse, while hosts fail. At the end everything that was served is compared with\n' +
        'everything that is stored.',
    )
    .option('--duration <time>', 'end after this time, like 30s or 2m (default: until Ctrl-C)', duration)
    .addOption(new Option('--faults <schedule>', 'what goes wrong at the exchanges').choices(FAULTS).default('default'))
    .option('--seed <n>', 'of the published rates and of the faults', whole(4_294_967_295), 1)
    .option('--data <dir>', 'keep the database here; a second run continues it (default: a temporary directory)')
    .option('--json <file>', 'write the summary to this file')
    .option('--port <n>', 'port of /rates, /health and /metrics (default: a free one)', whole(65_535), 0)
    .option('--nodes <n>', 'keep every row on this many embedded nodes', nodes, 1)
    .addHelpText(
      'after',
      '\nNATS_URL puts a stream on that server in the place of the journal; CLICKHOUSE_URL stores on that server, or cluster.',
    )
    .parse(argv);
  const options = command.opts<Partial<DemoOptions>>();
  return {
    duration: options.duration,
    faults: options.faults ?? 'default',
    seed: options.seed ?? 1,
    data: options.data,
    json: options.json,
    port: options.port ?? 0,
    nodes: options.nodes ?? 1,
  };
}
