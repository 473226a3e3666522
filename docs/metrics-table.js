// Tables of metrics from the families in the code: what stands in docs/ between `<!-- metrics: library -->` and `<!-- /metrics -->`.

const MARKED = /<!-- metrics: (\w+) -->\n[\s\S]*?<!-- \/metrics -->/g;

/** The page with every marked table made anew. `tables`: families by name of the table. */
export function withMetrics(page, tables) {
  return page.replace(MARKED, (_, name) => {
    const families = tables[name];
    if (families === undefined)
      throw new Error(`No table of metrics is called "${name}"; known: ${Object.keys(tables).join(', ')}`);
    return `<!-- metrics: ${name} -->\n\n${metricsTable(families)}\n\n<!-- /metrics -->`;
  });
}

export function metricsTable(families) {
  const lines = families.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replace(/\|/g, '\\|')} |`,
  );
  return [
    `${families.length} families.`,
    '',
    '| metric | kind | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
