/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** The samples of a scrape in the text format. */
export function samplesOf(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`no sample: ${line}`);
      return { name, labels: labels ?? '', value: Number(value) };
    });
}

/** Which families have been seen with a value other than 0, over several scrapes. */
export class Sightings {
  readonly #seen = new Set<string>();

  add(text: string): void {
    for (const { name, value } of samplesOf(text)) {
      if (value !== 0) this.#seen.add(name).add(name.replace(/_(bucket|sum|count)$/, ''));
    }
  }

  /** Those of the families that nothing has been seen of. */
  missing(families: readonly { readonly name: string }[]): string[] {
    return families.map(({ name }) => name).filter((name) => !this.#seen.has(name));
  }
}
