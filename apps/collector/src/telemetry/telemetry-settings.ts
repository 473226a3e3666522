import { ConfigError } from '../config/load-config.js';

/** What the environment says of telemetry. */
export interface TelemetrySettings {
  /** Where spans go, as OTLP over HTTP; nowhere when undefined. */
  readonly tracesUrl?: string;
  readonly metrics: {
    readonly path: string;
    /** A listener of its own; undefined: beside everything else. */
    readonly port?: number;
  };
  readonly logs: 'text' | 'json';
}

type Environment = Readonly<Record<string, string | undefined>>;

const TRACES_PATH = '/v1/traces';

/**
 * Reads the standard `OTEL_…` variables, `JAEGER_ENDPOINT`, `PROMETHEUS_METRICS_PORT`, `PROMETHEUS_METRICS_ENDPOINT` and
 * `LOG_FORMAT`. Empty ones count as unset.
 * @throws ConfigError naming every variable that cannot be used
 */
export function readTelemetry(environment: Environment): TelemetrySettings {
  const problems: string[] = [];
  const read = <T>(name: string, parse: (value: string) => T): T | undefined => {
    const value = environment[name]?.trim();
    if (value === undefined || value === '') return undefined;
    try {
      return parse(value);
    } catch (error) {
      problems.push(`  - ${name}: ${(error as Error).message}; got ${JSON.stringify(withoutCredentials(value))}`);
      return undefined;
    }
  };
  // The most particular wins.
  const tracesUrl = [
    read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', otlpUrl),
    read('JAEGER_ENDPOINT', jaegerUrl),
    read('OTEL_EXPORTER_OTLP_ENDPOINT', baseUrl),
  ].find((url) => url !== undefined);
  const off = environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_TRACES_EXPORTER'] === 'none';
  if (tracesUrl !== undefined && !off) {
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', overHttp);
    read('OTEL_EXPORTER_OTLP_PROTOCOL', overHttp);
  }
  const port = read('PROMETHEUS_METRICS_PORT', portNumber);
  const path = read('PROMETHEUS_METRICS_ENDPOINT', metricsPath) ?? '/metrics';
  const logs = read('LOG_FORMAT', logFormat) ?? 'text';
  if (problems.length > 0) {
    throw new ConfigError(
      `environment: ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.join('\n')}`,
    );
  }
  return {
    ...(tracesUrl !== undefined && !off && { tracesUrl }),
    metrics: { path, ...(port !== undefined && { port }) },
    logs,
  };
}

function otlpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new Error('must be an http:// or https:// address');
  return url.href;
}

/** The signal's path is added, as the specification of OTLP says. */
function baseUrl(value: string): string {
  const url = new URL(otlpUrl(value));
  url.pathname = `${url.pathname.replace(/\/$/, '')}${TRACES_PATH}`;
  return url.href;
}

function jaegerUrl(value: string): string {
  const url = new URL(otlpUrl(value));
  if (url.pathname === '/api/traces') {
    throw new Error(`is Jaeger's own protocol, which Jaeger 2 no longer speaks; its OTLP port is 4318`);
  }
  return url.pathname === '/' ? baseUrl(value) : url.href;
}

function overHttp(value: string): void {
  if (value !== 'http/protobuf') throw new Error('must be http/protobuf');
}

function portNumber(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new Error('must be a port, 0 to 65535');
  return Number(value);
}

function metricsPath(value: string): string {
  if (!/^\/?[\w.~-]+(\/[\w.~-]+)*$/.test(value)) throw new Error('must be a path: /metrics');
  if (/^\/?(health|rates|reliability)(\/|$)/.test(value)) throw new Error('is the path of something else');
  return value.startsWith('/') ? value : `/${value}`;
}

function logFormat(value: string): 'text' | 'json' {
  if (value !== 'text' && value !== 'json') throw new Error('must be text or json');
  return value;
}

const withoutCredentials = (value: string) => value.replace(/\/\/[^/@]*@/, '//[redacted]@');
