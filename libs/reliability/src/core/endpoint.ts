/** One instance behind a balancer, as a protected method receives it. */
export interface EndpointRef<Target = unknown> {
  /** Unique within its balancer. */
  readonly id: string;
  /** What the method needs to reach it: a client, a function, a shard. `undefined` when `url` says it all. */
  readonly target: Target;
  readonly url?: string;
  readonly zone?: string;
}
