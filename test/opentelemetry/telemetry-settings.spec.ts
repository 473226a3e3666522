import { readTelemetry } from '../../apps/collector/src/telemetry/telemetry-settings.js';

const tracesUrl = (environment: Record<string, string>) => readTelemetry(environment).tracesUrl;

describe('what the environment says of telemetry', () => {
  it('asks for nothing when nothing is set, or all is empty', () => {
    const nothing = { metrics: { path: '/metrics' }, logs: 'text' };
    expect(readTelemetry({})).toEqual(nothing);
    expect(readTelemetry({ JAEGER_ENDPOINT: '', PROMETHEUS_METRICS_PORT: ' ', LOG_FORMAT: '' })).toEqual(nothing);
  });

  it.each([
    ['http://jaeger:4318', 'http://jaeger:4318/v1/traces'],
    ['https://jaeger.example/', 'https://jaeger.example/v1/traces'],
    ['http://jaeger:4318/v1/traces', 'http://jaeger:4318/v1/traces'],
    ['http://gateway/otlp/jaeger', 'http://gateway/otlp/jaeger'],
  ])('takes JAEGER_ENDPOINT %s as OTLP over HTTP', (value, url) => {
    expect(tracesUrl({ JAEGER_ENDPOINT: value })).toBe(url);
  });

  it('adds the path of traces to the common endpoint alone, and lets the most particular win', () => {
    const common = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://common:4318/base/' };
    const jaeger = { JAEGER_ENDPOINT: 'http://jaeger:4318' };
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4318/' };
    expect(tracesUrl(common)).toBe('http://common:4318/base/v1/traces');
    expect(tracesUrl({ ...common, ...jaeger })).toBe('http://jaeger:4318/v1/traces');
    expect(tracesUrl({ ...common, ...jaeger, ...traces })).toBe('http://traces:4318/');
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('traces nothing with %s=%s', (name, value) => {
    expect(tracesUrl({ JAEGER_ENDPOINT: 'http://jaeger:4318', [name]: value })).toBeUndefined();
  });

  it('says where metrics are served', () => {
    expect(readTelemetry({ PROMETHEUS_METRICS_PORT: '9464' }).metrics).toEqual({ path: '/metrics', port: 9_464 });
    expect(readTelemetry({ PROMETHEUS_METRICS_ENDPOINT: 'internal/metrics' }).metrics).toEqual({
      path: '/internal/metrics',
    });
  });

  it.each(['health/live', '/rates', 'reliability'])(
    'does not serve metrics in the place of something else: %s',
    (path) => {
      expect(() => readTelemetry({ PROMETHEUS_METRICS_ENDPOINT: path })).toThrow(
        `PROMETHEUS_METRICS_ENDPOINT: is the path of something else; got "${path}"`,
      );
    },
  );

  it('names every variable that cannot be used, with the rule and the value, without its credentials', () => {
    const environment = {
      JAEGER_ENDPOINT: 'jaeger:4318',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://me:hunter2@files.example',
      PROMETHEUS_METRICS_PORT: '70000',
      PROMETHEUS_METRICS_ENDPOINT: '/metrics?all',
      LOG_FORMAT: 'xml',
    };
    expect(() => readTelemetry(environment)).toThrow(
      'environment: 5 problems:\n' +
        '  - JAEGER_ENDPOINT: must be an http:// or https:// address; got "jaeger:4318"\n' +
        '  - OTEL_EXPORTER_OTLP_ENDPOINT: must be an http:// or https:// address; got "ftp://[redacted]@files.example"\n' +
        '  - PROMETHEUS_METRICS_PORT: must be a port, 0 to 65535; got "70000"\n' +
        '  - PROMETHEUS_METRICS_ENDPOINT: must be a path: /metrics; got "/metrics?all"\n' +
        '  - LOG_FORMAT: must be text or json; got "xml"',
    );
  });

  it("says that Jaeger's old protocol and gRPC are not spoken", () => {
    expect(() => tracesUrl({ JAEGER_ENDPOINT: 'http://jaeger:14268/api/traces' })).toThrow(
      "JAEGER_ENDPOINT: is Jaeger's own protocol, which Jaeger 2 no longer speaks; its OTLP port is 4318",
    );
    expect(() => tracesUrl({ JAEGER_ENDPOINT: 'http://jaeger:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toThrow(
      'OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf; got "grpc"',
    );
  });
});
