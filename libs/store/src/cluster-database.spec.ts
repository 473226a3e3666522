import { replicated } from './cluster-database.js';

describe('a statement for a cluster', () => {
  it.each([
    [
      'CREATE TABLE IF NOT EXISTS event (id UInt64) ENGINE = MergeTree ORDER BY id',
      "CREATE TABLE IF NOT EXISTS event (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/event', '{replica}') ORDER BY id",
    ],
    [
      'CREATE TABLE db.`event` (v UInt8) ENGINE=ReplacingMergeTree(v) ORDER BY tuple()',
      "CREATE TABLE db.`event` (v UInt8) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/db/event', '{replica}', v) ORDER BY tuple()",
    ],
    ["SELECT 'ENGINE = MergeTree'", "SELECT 'ENGINE = MergeTree'"],
    ['CREATE TABLE m (a UInt8) ENGINE = Memory', 'CREATE TABLE m (a UInt8) ENGINE = Memory'],
    [
      "CREATE TABLE r (a UInt8) ENGINE = ReplicatedMergeTree('/x', '{replica}') ORDER BY a",
      "CREATE TABLE r (a UInt8) ENGINE = ReplicatedMergeTree('/x', '{replica}') ORDER BY a",
    ],
  ])('turns %s into %s', (given, expected) => {
    expect(replicated(given)).toBe(expected);
  });
});
