import type { Instance } from './instance.js';

/**
 * Instances among which one picker chooses, and the share of calls they get. A group without a share takes those that
 * no group before it can take: a retry that has tried all of them, calls their own breakers refuse.
 */
export interface RouteGroup {
  /** `0`, or `0/zone-a` and `0/other` with zones: stays the same while members come and go. */
  readonly key: string;
  readonly priority: number;
  /** Whether the group is the caller's own zone, or zones play no part. */
  readonly local: boolean;
  /** Whether health is disregarded in it. */
  readonly panic: boolean;
  readonly instances: readonly Instance[];
  /** 0–1; the shares of a route add up to 1. */
  readonly share: number;
}

export interface RoutingOptions {
  /** A level below this share of healthy instances, without enough healthy ones elsewhere, disregards health; 0: never. */
  readonly panicThreshold: number;
  /** How much more than its part each healthy instance is trusted to carry; 1.4: a level is full down to 72 % health. */
  readonly overprovisioning: number;
  /** The caller's own zone. */
  readonly zone: string | undefined;
  readonly now: number;
}

interface Level {
  readonly priority: number;
  /** Members that do not drain. */
  readonly staying: readonly Instance[];
  /** Of those, the ones that do not rest. */
  readonly usable: readonly Instance[];
  readonly healthy: readonly Instance[];
  /** What it can carry, 0–1. */
  readonly capacity: number;
}

/**
 * Splits calls over priority levels, lowest number first, and within a level over the caller's zone and the others, as
 * Envoy does: a level carries overprovisioning × its healthy share, what it cannot carry goes to the next. When all
 * together cannot carry everything they share in proportion, and levels below the panic threshold use every instance,
 * healthy or not, since health checks that condemn most instances are more likely wrong than right and a few healthy
 * ones would be overrun. Instances that drain or rest are never used.
 */
export function routeCalls(instances: readonly Instance[], options: RoutingOptions): RouteGroup[] {
  const levels = levelsOf(instances, options);
  const total = levels.reduce((sum, level) => sum + level.capacity, 0);
  if (total === 0) {
    if (options.panicThreshold === 0) return [];
    const first = levels.findIndex((level) => level.usable.length > 0);
    return levels.flatMap((level, index) => splitByZone(level, level.usable, index === first ? 1 : 0, true, options));
  }
  let left = 1;
  return levels.flatMap((level) => {
    const share = total < 1 ? level.capacity / total : Math.min(level.capacity, left);
    left -= share;
    const panic = total < 1 && level.healthy.length < options.panicThreshold * level.staying.length;
    return splitByZone(level, panic ? level.usable : level.healthy, share, panic, options);
  });
}

function levelsOf(instances: readonly Instance[], { overprovisioning, now }: RoutingOptions): Level[] {
  const byPriority = new Map<number, Instance[]>();
  for (const instance of instances) {
    const level = byPriority.get(instance.priority);
    if (level === undefined) byPriority.set(instance.priority, [instance]);
    else level.push(instance);
  }
  return [...byPriority.entries()]
    .sort(([one], [other]) => one - other)
    .map(([priority, members]) => {
      const staying = members.filter((instance) => !instance.draining);
      const usable = staying.filter((instance) => instance.usable(now));
      const healthy = usable.filter((instance) => instance.healthy);
      return { priority, staying, usable, healthy, capacity: capacityOf(healthy, staying, overprovisioning) };
    });
}

function splitByZone(
  { priority, staying }: Level,
  members: readonly Instance[],
  share: number,
  panic: boolean,
  { zone, overprovisioning }: RoutingOptions,
): RouteGroup[] {
  if (members.length === 0) return [];
  if (zone === undefined) return [{ key: `${priority}`, priority, local: true, panic, instances: members, share }];
  const isLocal = ({ ref }: Instance) => ref.zone === zone;
  const local = members.filter(isLocal);
  const others = members.filter((instance) => !isLocal(instance));
  const localShare = others.length === 0 ? 1 : capacityOf(local, staying.filter(isLocal), overprovisioning);
  return [
    { key: `${priority}/${zone}`, priority, local: true, panic, instances: local, share: share * localShare },
    { key: `${priority}/other`, priority, local: false, panic, instances: others, share: share * (1 - localShare) },
  ].filter(({ instances }) => instances.length > 0);
}

function capacityOf(able: readonly Instance[], all: readonly Instance[], overprovisioning: number): number {
  return able.length === 0 ? 0 : Math.min(1, (overprovisioning * weightOf(able)) / weightOf(all));
}

function weightOf(instances: readonly Instance[]): number {
  return instances.reduce((sum, instance) => sum + instance.weight, 0);
}
