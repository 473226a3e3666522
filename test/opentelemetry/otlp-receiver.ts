import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Root, type Type } from 'protobufjs';

/** What the published `.proto` files call an `ExportTraceServiceRequest`, with enums as names and bytes as hex. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly status: string;
  readonly scope: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

const PROTOS = join(dirname(require.resolve('@opentelemetry/otlp-grpc-exporter-base/package.json')), 'build/protos');
const REQUEST = 'opentelemetry/proto/collector/trace/v1/trace_service.proto';

function exportRequestType(): Type {
  const root = new Root();
  root.resolvePath = (_origin, target) => join(PROTOS, target);
  root.loadSync(REQUEST);
  return root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const valueOf = (value: KeyValue['value']): unknown => {
  if (value['arrayValue'] !== undefined) {
    return ((value['arrayValue'] as { values?: KeyValue['value'][] }).values ?? []).map(valueOf);
  }
  return Object.values(value)[0];
};
const recordOf = (pairs: readonly KeyValue[] = []) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

/** An OTLP/HTTP receiver on loopback that keeps the spans it is sent. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { readonly path: string; readonly type: string; readonly authorization: string | undefined }[] =
    [];
  /** `hang` accepts and never answers; a number is the status of every answer. */
  behaviour: 'answer' | 'hang' | number = 'answer';
  readonly #hung: ServerResponse[] = [];
  readonly #type = exportRequestType();
  readonly #server: Server = createServer((request, response) => void this.#receive(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers those who were left hanging. */
  release(): void {
    for (const response of this.#hung.splice(0)) response.writeHead(200).end();
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers } = request;
    this.requests.push({
      path: request.url ?? '',
      type: headers['content-type'] ?? '',
      authorization: headers.authorization,
    });
    if (this.behaviour === 'hang') {
      this.#hung.push(response);
      return;
    }
    if (this.behaviour !== 'answer') {
      response.writeHead(this.behaviour).end();
      return;
    }
    const body = Buffer.concat(chunks);
    this.#keep(headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }

  #keep(body: Buffer): void {
    const request = this.#type.toObject(this.#type.decode(body), { enums: String, longs: Number });
    for (const { resource, scopeSpans } of request['resourceSpans']) {
      for (const { scope, spans } of scopeSpans) {
        for (const span of spans) {
          this.spans.push({
            name: span.name,
            kind: span.kind,
            traceId: hex(span.traceId),
            spanId: hex(span.spanId),
            parentSpanId: hex(span.parentSpanId),
            attributes: recordOf(span.attributes),
            events: (span.events ?? []).map((event: { name: string; attributes: KeyValue[] }) => ({
              name: event.name,
              attributes: recordOf(event.attributes),
            })),
            status: span.status?.code ?? 'STATUS_CODE_UNSET',
            scope: scope.name,
            resource: recordOf(resource.attributes),
          });
        }
      }
    }
  }
}
