/** What a page shows, by id, each part as JSON. */
export type Parts = ReadonlyMap<string, string>;

export interface Delta {
  /** New and changed parts, as a JSON object; `undefined` when there are none. */
  readonly set: string | undefined;
  readonly gone: readonly string[];
}

/** What turns `before` into `after`: parts that are new or differ, and the ids of those that are no more. */
export function deltaOf(before: Parts, after: Parts): Delta {
  const set: string[] = [];
  for (const [id, json] of after) if (before.get(id) !== json) set.push(`${JSON.stringify(id)}:${json}`);
  const gone = [...before.keys()].filter((id) => !after.has(id));
  return { set: set.length === 0 ? undefined : `{${set.join(',')}}`, gone };
}
