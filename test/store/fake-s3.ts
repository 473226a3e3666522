import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** The few calls of S3 that backups use, in memory, two names a page. */
export class FakeS3 {
  readonly objects = new Map<string, Buffer>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://s3');
        const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
        const xml = (status: number, text: string) => {
          response.writeHead(status, { 'content-type': 'application/xml' });
          response.end(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
        };
        if (request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') !== true)
          return xml(403, '<Error><Code>AccessDenied</Code></Error>');
        const body = Buffer.concat(chunks);
        if (request.method === 'PUT') {
          this.objects.set(key, body);
          response.writeHead(200, { etag: '"x"' }).end();
        } else if (request.method === 'POST') {
          for (const [, name = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(name);
          xml(200, '<DeleteResult></DeleteResult>');
        } else if (url.searchParams.get('list-type') === '2') {
          const names = [...this.objects.keys()]
            .filter((name) => name.startsWith(url.searchParams.get('prefix') ?? ''))
            .sort();
          const from = Number(url.searchParams.get('continuation-token') ?? 0);
          const more = from + 2 < names.length;
          xml(
            200,
            `<ListBucketResult>${names
              .slice(from, from + 2)
              .map((name) => `<Contents><Key>${name}</Key></Contents>`)
              .join('')}` +
              `<IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : ''}</ListBucketResult>`,
          );
        } else {
          const object = this.objects.get(key);
          if (object === undefined) xml(404, '<Error><Code>NoSuchKey</Code></Error>');
          else response.writeHead(200, { 'content-length': object.length }).end(object);
        }
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
