import type { ConfigurationHistory, ConfigurationVersion, ListOptions } from '@marketprism/reliability';
import { ControlStoreError } from './errors.js';
import { isDuplicate, Table } from './table.js';

/** Versions of the configuration of one instance. */
export class ConfigurationVersions extends Table implements ConfigurationHistory {
  async append({ version, at, config, who, why, source }: ConfigurationVersion): Promise<void> {
    const data = {
      instance: this.instance,
      version,
      at: new Date(at),
      who,
      why,
      source,
      config: JSON.stringify(config),
    };
    await this.write(() => this.client.configurationVersion.create({ data }));
  }

  async list({ limit = 100, before }: ListOptions = {}): Promise<readonly ConfigurationVersion[]> {
    const rows = await this.run(() =>
      this.client.configurationVersion.findMany({
        where: { instance: this.instance, ...(before !== undefined && { version: { lt: before } }) },
        orderBy: { version: 'desc' },
        take: limit,
      }),
    );
    return rows.map(versionOf);
  }

  async get(version: number): Promise<ConfigurationVersion | undefined> {
    const key = { instance: this.instance, version };
    const row = await this.run(() => this.client.configurationVersion.findUnique({ where: { instance_version: key } }));
    return row === null ? undefined : versionOf(row);
  }

  protected override failure(error: unknown): ControlStoreError {
    if (!isDuplicate(error)) return super.failure(error);
    return new ControlStoreError(
      'CONFLICT',
      `this version of the configuration of "${this.instance}" is kept already: ` +
        'another instance of that name is at work; give each its own (controlStore.instance)',
      error,
    );
  }

  protected override async sweep(): Promise<void> {
    const { instance, keep } = this;
    const [last] = await this.client.configurationVersion.findMany({
      where: { instance },
      orderBy: { version: 'desc' },
      skip: keep,
      take: 1,
      select: { version: true },
    });
    if (last === undefined) return;
    await this.client.configurationVersion.deleteMany({ where: { instance, version: { lte: last.version } } });
  }
}

function versionOf(row: {
  version: number;
  at: Date;
  who: string;
  why: string;
  source: string;
  config: string;
}): ConfigurationVersion {
  const { version, at, who, why, source, config } = row;
  return {
    version,
    at: at.getTime(),
    who,
    why,
    source,
    config: JSON.parse(config) as ConfigurationVersion['config'],
  };
}
