import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode, type Packet } from 'dns-packet';

/** A name server on loopback that answers what the test says. */
export interface NameServer {
  readonly address: string;
  /** By `TYPE name`; a name without an entry does not exist. */
  readonly records: Map<string, Answer[]>;
  /** Whether it answers at all. */
  up: boolean;
  questions: number;
  close(): Promise<void>;
}

export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4');
  const server: NameServer = {
    address: '',
    records: new Map(),
    up: true,
    questions: 0,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
  socket.on('message', (message, sender) => {
    if (!server.up) return;
    server.questions += 1;
    const query = decode(message);
    const question = query.questions![0]!;
    const answers = server.records.get(`${question.type} ${question.name}`);
    const NOT_FOUND = 3;
    const reply: Packet = {
      type: 'response',
      id: query.id,
      flags: answers === undefined ? NOT_FOUND : 0,
      questions: query.questions,
      answers: answers ?? [],
    };
    socket.send(encode(reply), sender.port, sender.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` });
}
