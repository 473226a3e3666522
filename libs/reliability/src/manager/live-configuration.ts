import { isDeepStrictEqual } from 'node:util';
import { InvalidOptionsError } from '../core/errors.js';
import {
  checkSourced,
  effectiveOf,
  type Layer,
  layerOf,
  MAX_OVERRIDES,
  type Said,
  viewLayer,
  viewOverrides,
} from './config-layers.js';
import { ConfigConflictError, type ConfigSource, type SourcedConfig, type StopWatching } from './config-source.js';
import type { ReliabilityConfiguration } from './configuration.js';
import type { ConfigurationDocument } from './configuration-document.js';
import {
  type ConfigurationHistory,
  type ConfigurationVersion,
  MemoryConfigurationHistory,
} from './configuration-history.js';
import { ActionRefusedError, type ConfigurationView } from './control.js';
import { isPlainObject, jsonOf, shownError, shownJson } from './json.js';
import { MemoryConfigSource } from './memory-config-source.js';
import { changedPaths, overlay, overridesFor, valueAt } from './overlay.js';
import type { PolicyRegistry } from './policy-registry.js';

/** Who changes the configuration, and why. */
export interface ChangedBy {
  readonly who: string;
  readonly why: string;
}

export interface LiveConfigurationOptions {
  /** Later ones win over earlier ones, and all of them over the code. */
  readonly sources?: readonly ConfigSource[];
  /** Default: the last 100 versions, in memory. */
  readonly history?: ConfigurationHistory;
}

/**
 * Keeps the configuration in force in step with its sources. Whatever comes is checked whole, then put in force whole
 * or not at all, and is a version from then on.
 */
export class LiveConfiguration {
  readonly history: ConfigurationHistory;
  readonly #layers: readonly Layer[];
  /** Where changes made while running are kept. */
  readonly #keeper: Layer;
  /** Where the manager's own decisions are kept: in this instance, above everything else. */
  readonly #decided: Layer;
  readonly #stops: StopWatching[] = [];
  #code: ReliabilityConfiguration;
  #effective: ReliabilityConfiguration;
  #version = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly registry: PolicyRegistry,
    { sources = [], history = new MemoryConfigurationHistory() }: LiveConfigurationOptions = {},
  ) {
    this.history = history;
    const writable = sources.some((source) => 'save' in source);
    const given = [...sources, ...(writable ? [] : [new MemoryConfigSource('admin')])].map(layerOf);
    this.#keeper = given.find(({ source }) => 'save' in source)!;
    this.#decided = layerOf(new MemoryConfigSource('manager'));
    this.#layers = [...given, this.#decided];
    this.#code = registry.configuration;
    this.#effective = registry.configuration;
  }

  /** Version of the configuration in force; 0 before {@link start}. */
  get version(): number {
    return this.#version;
  }

  /** The configuration in force. It may hold secrets. */
  get effective(): ReliabilityConfiguration {
    return this.#effective;
  }

  /**
   * Reads every source and begins to watch it. What cannot be read or is not acceptable is reported and left out.
   * @throws as a rejection when that is so of a source that is `required`
   */
  async start(): Promise<void> {
    const latest = await this.#latestKept();
    await Promise.all(this.#layers.map((layer) => this.#load(layer)));
    if (!this.#acceptAll()) for (const layer of this.#layers) this.#accept(layer);
    this.#version = latest;
    this.#put(this.#said(), { who: 'start', why: 'the application has started' }, 'code', true);
    for (const layer of this.#layers) this.#stops.push(this.#watch(layer));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#stops.map(async (stop) => stop()));
    await Promise.allSettled(this.#layers.map(async ({ source }) => source.close?.()));
  }

  /** Another configuration in the code; what other sources say stays over it. @throws InvalidOptionsError */
  replaceCode(code: ReliabilityConfiguration, by: ChangedBy): number {
    const before = this.#code;
    this.#code = code;
    try {
      this.#put(this.#said(), by, 'code');
    } catch (error) {
      this.#code = before;
      throw error;
    }
    return this.#version;
  }

  /**
   * Lays a merge patch over what is in force, and keeps it.
   * @throws ActionRefusedError as a rejection; nothing has changed then
   */
  change(patch: ConfigurationDocument | object, by: ChangedBy, expectedVersion?: number): Promise<number> {
    return this.#inTurn(() => {
      if (expectedVersion !== undefined && expectedVersion !== this.#version) {
        const message = `version ${this.#version} is in force, not ${expectedVersion}`;
        throw new ActionRefusedError('conflict', message);
      }
      return this.#keep(this.#keeper, overlay(this.#throughOverridesOf(this.#keeper), patch), by);
    });
  }

  /**
   * As {@link change}, of what the manager decides: for this instance alone, and until somebody sets the same option.
   * `null` takes a decision back.
   * @throws ActionRefusedError as a rejection; nothing has changed then
   */
  decide(patch: object, by: ChangedBy): Promise<number> {
    return this.#inTurn(() =>
      this.#keep(
        this.#decided,
        overlay(this.#throughOverridesOf(this.#decided), withoutNulls(patch, this.#belowOverridesOf(this.#decided))),
        by,
      ),
    );
  }

  /**
   * Gives up what was set at a path while running: what the sources say applies again.
   * @throws ActionRefusedError as a rejection; nothing has changed then
   */
  release(path: readonly string[], by: ChangedBy): Promise<number> {
    return this.#inTurn(() => {
      const value = jsonOf(valueAt(this.#belowOverridesOf(this.#keeper), path)) ?? null;
      const patch = path.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value);
      return this.#keep(this.#keeper, overlay(this.#throughOverridesOf(this.#keeper), patch), by);
    });
  }

  /**
   * Brings an earlier version back, as a new one.
   * @throws ActionRefusedError as a rejection; nothing has changed then
   */
  rollback(version: number, by: ChangedBy): Promise<number> {
    return this.#inTurn(async () => {
      const found = await this.history.get(version);
      if (found === undefined) throw new ActionRefusedError('not-found', `version ${version} is not kept`);
      return this.#keep(this.#keeper, found.config, by);
    });
  }

  /** What is in force and where it comes from, without secrets. */
  view(): ConfigurationView {
    return {
      version: this.#version,
      config: shownJson(jsonOf(this.#effective)) as ConfigurationDocument,
      sources: this.#layers.map((layer) => viewLayer(layer, layer === this.#keeper)),
      overrides: this.#layers.flatMap((layer) =>
        viewOverrides(this.#belowOverridesOf(layer), layer.held?.overrides ?? []),
      ),
    };
  }

  /** The code's part: what modules have added, lazily loaded ones included, is below what the root says. */
  get #base(): ReliabilityConfiguration {
    return { ...this.#code, policies: { ...this.registry.added, ...this.#code.policies } };
  }

  #said(): Said {
    return this.#layers.map(({ held }) => held);
  }

  #belowOverridesOf(layer: Layer): ReliabilityConfiguration {
    return effectiveOf(this.#base, this.#said(), this.#layers.indexOf(layer));
  }

  #throughOverridesOf(layer: Layer): ReliabilityConfiguration {
    return effectiveOf(this.#base, this.#said(), this.#layers.indexOf(layer) + 1);
  }

  async #latestKept(): Promise<number> {
    try {
      return (await this.history.list({ limit: 1 }))[0]?.version ?? 0;
    } catch (error) {
      this.#notKept(error);
      return 0;
    }
  }

  async #load(layer: Layer): Promise<void> {
    try {
      layer.offered = await layer.source.load();
    } catch (error) {
      if (layer.source.required === true) throw error;
      this.#failed(layer, error);
    }
  }

  #acceptAll(): boolean {
    try {
      for (const { offered } of this.#layers) if (offered !== undefined) checkSourced(offered);
      const offered = this.#layers.map((layer) => layer.offered);
      this.registry.prepare(effectiveOf(this.#base, offered));
    } catch {
      return false;
    }
    for (const layer of this.#layers) layer.held = layer.offered;
    return true;
  }

  /** At the start: takes in what a source says if it is acceptable beside those before it. */
  #accept(layer: Layer): void {
    if (layer.offered === undefined) return;
    try {
      checkSourced(layer.offered);
      const said = this.#layers.map((each) => (each === layer ? each.offered : each.held));
      this.registry.prepare(effectiveOf(this.#base, said));
      layer.held = layer.offered;
    } catch (error) {
      if (layer.source.required === true) throw error;
      this.#rejected(layer, error);
    }
  }

  #watch(layer: Layer): StopWatching {
    return layer.source.watch({
      changed: (sourced) => {
        if (this.#stopped) return;
        this.#available(layer);
        this.#offer(layer, sourced);
      },
      failed: (error) => {
        if (!this.#stopped) this.#failed(layer, error);
      },
    });
  }

  /** What a source says from now on: with everything else that was said, or else with what is in force of it. */
  #offer(layer: Layer, sourced: SourcedConfig | undefined): void {
    const by = { who: sourced?.who ?? layer.source.name, why: sourced?.why ?? 'changed at its source' };
    try {
      if (sourced !== undefined) checkSourced(sourced);
      layer.offered = sourced;
      const others = this.#layers.some((other) => other !== layer && other.offered !== other.held);
      if (others && this.#putOffered(by, layer)) return;
      this.#put(
        this.#layers.map((each) => (each === layer ? sourced : each.held)),
        by,
        layer.source.name,
      );
    } catch (error) {
      this.#rejected(layer, error);
      return;
    }
    layer.held = sourced;
    layer.problem = undefined;
  }

  /** Several sources may only make sense together: one that was rejected may be acceptable now. */
  #putOffered(by: ChangedBy, { source }: Layer): boolean {
    try {
      const offered = this.#layers.map((each) => each.offered);
      this.#put(offered, by, source.name);
    } catch {
      return false;
    }
    for (const layer of this.#layers) {
      layer.held = layer.offered;
      layer.problem = undefined;
    }
    return true;
  }

  /** Keeps what has to be set over the layers below to get `wanted`, and puts it in force. */
  async #keep(keeper: Layer, wanted: unknown, by: ChangedBy): Promise<number> {
    const overrides = overridesFor(this.#belowOverridesOf(keeper), wanted);
    if (overrides.length > MAX_OVERRIDES) {
      throw new ActionRefusedError('invalid', `more than ${MAX_OVERRIDES} options would be set one by one`);
    }
    const next = { config: keeper.held?.config ?? {}, overrides, who: by.who, why: by.why };
    const said = (sourced: SourcedConfig) => this.#layers.map((each) => (each === keeper ? sourced : each.held));
    this.#checkWanted(next, said(next));
    const revision = await this.#save(keeper, next, keeper.held?.revision);
    const saved = { ...next, revision };
    if (keeper.held?.revision !== revision) await this.#putSaved(keeper, saved, said(saved), by);
    return this.#version;
  }

  /** Puts in force what has been saved; should that fail after all, saves what was there before. */
  async #putSaved(keeper: Layer, saved: SourcedConfig, said: Said, by: ChangedBy): Promise<void> {
    try {
      this.#put(said, by, keeper.source.name);
    } catch (error) {
      await this.#save(keeper, keeper.held ?? { config: {} }, saved.revision);
      throw new ActionRefusedError('invalid', shownError(error), [], error);
    }
    keeper.offered = keeper.held = saved;
  }

  #checkWanted(next: SourcedConfig, said: Said): void {
    try {
      checkSourced(next);
      this.registry.prepare(effectiveOf(this.#base, said));
    } catch (error) {
      if (!(error instanceof InvalidOptionsError)) throw error;
      const restart = error.problems.every(({ rule }) => rule.includes('needs a new deployment'));
      throw new ActionRefusedError(restart ? 'needs-restart' : 'invalid', error.message, error.problems, error);
    }
  }

  async #save({ source }: Layer, next: SourcedConfig, expected: string | undefined): Promise<string> {
    try {
      return await source.save!(next, expected);
    } catch (error) {
      const conflict = error instanceof ConfigConflictError;
      const message = conflict ? error.message : `${source.name} cannot be written: ${shownError(error)}`;
      throw new ActionRefusedError(conflict ? 'conflict' : 'unavailable', message, [], error);
    }
  }

  /** @throws InvalidOptionsError, or what a policy throws: nothing has changed then */
  #put(said: Said, by: ChangedBy, source: string, first = false): void {
    const next = effectiveOf(this.#base, said);
    const before = this.#effective;
    if (!first && isDeepStrictEqual(next, before)) return;
    this.registry.prepare(next)();
    this.#effective = next;
    this.#version += 1;
    const { clock, emit } = this.registry.factory.capabilities;
    const version: ConfigurationVersion = {
      version: this.#version,
      at: clock.wallNow(),
      ...by,
      source,
      config: (jsonOf(next) ?? {}) as ConfigurationDocument,
    };
    void this.#append(version);
    const at = clock.now();
    const changed = changedPaths(before, next);
    const { who, why } = by;
    emit.emit({
      type: 'configuration.applied',
      policy: 'configuration',
      at,
      version: this.#version,
      source,
      who,
      why,
      changed,
    });
  }

  async #append(version: ConfigurationVersion): Promise<void> {
    try {
      await this.history.append(version);
    } catch (error) {
      this.#notKept(error);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #available(layer: Layer): void {
    if (layer.available) return;
    layer.available = true;
    layer.problem = undefined;
    const { clock, emit } = this.registry.factory.capabilities;
    const at = clock.now();
    const source = layer.source.name;
    emit.emit({ type: 'configuration.source', policy: 'configuration', at, source, available: true });
  }

  #failed(layer: Layer, error: unknown): void {
    // It could be read, but not understood.
    if (error instanceof InvalidOptionsError) return this.#rejected(layer, error);
    layer.problem = shownError(error);
    if (!layer.available) return;
    layer.available = false;
    const { clock, emit } = this.registry.factory.capabilities;
    const at = clock.now();
    const source = layer.source.name;
    emit.emit({ type: 'configuration.source', policy: 'configuration', at, source, available: false, error });
  }

  #rejected(layer: Layer, error: unknown): void {
    layer.problem = shownError(error);
    const { clock, emit } = this.registry.factory.capabilities;
    const at = clock.now();
    emit.emit({ type: 'configuration.rejected', policy: 'configuration', at, source: layer.source.name, error });
  }

  #notKept(error: unknown): void {
    const { clock, emit } = this.registry.factory.capabilities;
    emit.emit({ type: 'configuration.not-kept', policy: 'configuration', at: clock.now(), what: 'version', error });
  }
}

/** A patch that says in place of `null` what lies below. */
function withoutNulls(patch: unknown, below: unknown): unknown {
  if (patch === null) return jsonOf(below) ?? null;
  if (!isPlainObject(patch)) return patch;
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [key, withoutNulls(value, valueAt(below, [key]))]),
  );
}
