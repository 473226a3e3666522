import { RedundantStore, StoreError, type Database, type Features, type NodeSpec } from '@marketprism/store';
import { Journal } from '@marketprism/stream/journal';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '../engines/eventually.js';

type Fault = 'none' | 'refused connection' | 'died before' | 'died after' | 'slow';

const features = {} as Features;

/** A node in memory that remembers tokens as an engine does, and fails as told. */
class FakeNode {
  readonly blocks: string[] = [];
  readonly #tokens = new Set<string>();
  readonly #tables = new Map<string, object[]>();
  faults: Fault[] = [];

  readonly spec: NodeSpec;

  constructor(readonly name: string) {
    this.spec = { name, open: async () => this.#open() };
  }

  async #open(): Promise<Database> {
    if (this.faults[0] === 'refused connection') {
      this.faults.shift();
      throw new StoreError('UNAVAILABLE', 'connect ECONNREFUSED');
    }
    const insertJson = async (_: string, body: Buffer, options?: { token?: string }) => {
      const fault = this.faults.shift() ?? 'none';
      const died = new StoreError('UNAVAILABLE', 'its process ended', { outcomeUnknown: true });
      if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 15));
      if (fault === 'died before' || fault === 'refused connection') throw died;
      const token = options?.token ?? '';
      if (!this.#tokens.has(token)) {
        this.#tokens.add(token);
        this.blocks.push(body.toString());
      }
      if (fault === 'died after') throw died;
    };
    return {
      kind: 'embedded',
      version: '1',
      features,
      name: this.name,
      command: async () => undefined,
      insertJson,
      insert: async (table: string, rows: readonly object[]) => {
        this.#tables.set(table, [...(this.#tables.get(table) ?? []), ...rows]);
      },
      query: async <Row>(sql: string) => {
        if (sql.includes('store_node')) return (this.#tables.get('store_node') ?? []) as Row[];
        if (sql.includes('GROUP BY epoch'))
          return (this.#tables.get('store_writer_lease') ?? []).map((row) =>
            Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)])),
          ) as Row[];
        return [{ epoch: '0' }] as Row[];
      },
      exportTsv: async () => Buffer.alloc(0),
      importTsv: async () => undefined,
      close: async () => undefined,
    };
  }
}

const fault = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('refused connection', 'died before', 'died after', 'slow') },
);

it('brings every accepted block to every node once and in order, whatever the nodes do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fault, { maxLength: 12 }), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      async (faults, blocks, restart) => {
        const directory = mkdtempSync(join(tmpdir(), 'redundant-property-'));
        const nodes = ['a', 'b', 'c'].map((name, index) =>
          Object.assign(new FakeNode(name), { faults: [...(faults[index] ?? [])] }),
        );
        const open = async () => {
          const journal = await Journal.open({ directory });
          const specs = nodes.map(({ spec }) => spec);
          return { journal, store: await RedundantStore.open({ nodes: specs, journal, leaseMs: 1_000 }) };
        };
        let { journal, store } = await open();
        try {
          const expected = Array.from({ length: blocks }, (_, index) => `{"id":${index}}`);
          for (const [index, body] of expected.entries()) {
            await store.insertJson('event', Buffer.from(body), { token: `${index}` });
            const holders = nodes.filter((node) => node.blocks.includes(body)).length;
            expect(holders).toBeGreaterThanOrEqual(2);
            if (restart && index === blocks >> 1) {
              await store.close();
              await journal.close();
              ({ journal, store } = await open());
            }
          }
          await eventually(() => {
            for (const node of nodes) expect(node.blocks).toEqual(expected);
          }, 10_000);
        } finally {
          await store.close();
          await journal.close();
          rmSync(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);
