import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateWishes {
  /** Name it is for; default `localhost` and 127.0.0.1. */
  readonly host?: string;
  readonly expired?: boolean;
}

/** Faulty servers on loopback, for one failure. {@link close} ends everything that was started. */
export class World {
  readonly #endings: (() => unknown)[] = [];

  /** Calls `ending` when the failure is over. */
  after(ending: () => unknown): void {
    this.#endings.push(ending);
  }

  async close(): Promise<void> {
    for (const ending of this.#endings.reverse()) await ending();
    this.#endings.length = 0;
  }

  /** A port on which nobody listens. */
  async closedPort(): Promise<number> {
    const server = net.createServer();
    const port = await listening(server);
    await new Promise((resolve) => {
      server.close(resolve);
    });
    return port;
  }

  /** A TCP server that treats each connection as told. */
  async tcp(onSocket: (socket: net.Socket) => void): Promise<number> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      this.after(() => socket.destroy());
      onSocket(socket);
    });
    this.after(() => server.close());
    return listening(server);
  }

  /** Waits for the first bytes of a request, then writes `bytes` and does `then`. */
  async answeringRaw(bytes: string | Buffer, then: 'end' | 'reset' | 'hold' = 'end'): Promise<string> {
    const port = await this.tcp((socket) => {
      socket.once('data', () => {
        socket.write(bytes, () => {
          if (then === 'end') socket.end();
          else if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
        });
      });
    });
    return `http://127.0.0.1:${port}/`;
  }

  /** An HTTP server. */
  async http(onRequest: http.RequestListener): Promise<string> {
    const server = http.createServer(onRequest);
    this.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${await listening(server)}/`;
  }

  /** An HTTP server with one answer. */
  answering(status: number, body = '', headers: Record<string, string> = {}): Promise<string> {
    return this.http((request, response) => {
      request.resume();
      response.writeHead(status, headers).end(body);
    });
  }

  /** Takes requests and never answers. */
  silent(): Promise<string> {
    return this.http((request) => request.resume());
  }

  /** A port whose queue of connections is full: another one is neither accepted nor refused. */
  async unacceptingPort(): Promise<number> {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const server = require('node:net').createServer();
       server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
       });`,
      { eval: true },
    );
    this.after(() => worker.terminate());
    const port = await new Promise<number>((resolve) => {
      worker.once('message', resolve);
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    for (let filler = 0; filler < 4; filler += 1) {
      const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
      this.after(() => socket.destroy());
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    return port;
  }

  async tls(
    options: tls.TlsOptions,
    onSocket: (socket: tls.TLSSocket) => void = (socket) => socket.end(),
  ): Promise<number> {
    const server = tls.createServer(options, (socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    server.on('tlsClientError', () => undefined);
    this.after(() => server.close());
    return listening(server);
  }

  /** A cleartext HTTP/2 server. `breakConnections` resets every connection it has. */
  async http2(onStream: (stream: http2.ServerHttp2Stream, breakConnections: () => void) => void): Promise<string> {
    const server = http2.createServer();
    const sockets: net.Socket[] = [];
    server.on('connection', (socket: net.Socket) => sockets.push(socket));
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      onStream(stream, () => sockets.forEach((socket) => socket.resetAndDestroy()));
    });
    server.on('sessionError', () => undefined);
    server.on('session', (session) => this.after(() => session.destroy()));
    this.after(() => server.close());
    return `http://127.0.0.1:${await listening(server)}`;
  }

  /** A UDP resolver: gives the answer to each query, or `undefined` for none. */
  async dns(answer: (query: Buffer) => Buffer | undefined): Promise<string> {
    const socket = createSocket('udp4');
    socket.on('message', (query, { port, address }) => {
      const response = answer(query);
      if (response !== undefined) socket.send(response, port, address);
    });
    this.after(() => socket.close());
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    return `127.0.0.1:${socket.address().port}`;
  }

  /** A self-signed certificate, made by the openssl command. */
  certificate(wishes: CertificateWishes = {}): Certificate {
    return certificate(wishes);
  }
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
  });
}

const made = new Map<string, Certificate>();

function certificate({ host, expired = false }: CertificateWishes): Certificate {
  const key = `${host} ${expired}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'corpus-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', `/CN=${host ?? 'localhost'}`, '-nodes', '-keyout', keyFile];
  const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject];
  const names = `subjectAltName=${host === undefined ? 'DNS:localhost,IP:127.0.0.1' : `DNS:${host}`}`;
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });
  try {
    if (expired) {
      // Only the `ca` command of OpenSSL 3.0 takes dates.
      const settings = 'database=db\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n';
      writeFileSync(
        join(folder, 'ca.cnf'),
        `[ca]\ndefault_ca=c\n[c]\n${settings}[p]\ncommonName=supplied\n[e]\n${names}\n`,
      );
      writeFileSync(join(folder, 'db'), '');
      writeFileSync(join(folder, 'serial'), '01');
      openssl(...newKey, '-out', 'request.pem');
      const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
      const files = ['-config', 'ca.cnf', '-keyfile', keyFile, '-in', 'request.pem', '-out', certFile];
      openssl('ca', '-selfsign', '-batch', '-notext', ...dates, ...files);
    } else {
      openssl(...newKey, '-x509', '-days', '30', '-addext', names, '-out', certFile);
    }
    const result = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
    made.set(key, result);
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
