import type { AdminAuth } from '../admin/admin.options.js';

/** Health endpoints. */
export interface HealthMountOptions {
  /** Where: `health` for `/health`, `/health/live`, `/health/ready`, `/health/startup` and `/health/dependencies/<name>`. */
  readonly path: string;
  /** Names of policies without which the application is of no use: unreachable, they fail readiness. Default: none. */
  readonly critical?: readonly string[];
  /** A dependency below this score degrades; 0 to 100, default 90. */
  readonly degradedBelow?: number;
}

/** Metrics for Prometheus, by `@willsoto/nestjs-prometheus`. */
export interface MetricsMountOptions {
  /** Where: `metrics` for `/metrics`. */
  readonly path: string;
  /** Whether Node's own metrics are among them. Default true. */
  readonly defaultMetrics?: boolean;
}

/** The live page. */
export interface DashboardOptions {
  /** Where the page is: `reliability` for `/reliability`. The application's global prefix comes before it. */
  readonly path: string;
  /**
   * Who may use the page, and act from it: whoever types the token on it, or whoever a guard of yours lets in. Without
   * it the page is served to this machine alone, and shows without acting.
   */
  readonly auth?: AdminAuth;
  /** What the page is headed with. Default `Reliability`. */
  readonly title?: string;
  /** Pages open at a time, 1 to 1,000. Default 16. */
  readonly maxReaders?: number;
  /** Between two looks at the state while a page is open, in ms, 100 to 60,000. Default 1,000. */
  readonly everyMs?: number;
}

/** What is mounted beside the policies, each only when it is asked for. */
export interface MountOptions {
  readonly health?: HealthMountOptions;
  readonly metrics?: MetricsMountOptions;
  readonly dashboard?: DashboardOptions;
}
