export {
  type AnyRedisClient,
  type IoredisClient,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisConnection,
  redisConnection,
} from './redis-connection.js';
export { type SharedAnswer, sharedLimit, type SharedLimit } from './shared-limit.js';
export { SharedStore, sharedStoreOptions, type SharedStoreOptions, StoreUnavailableError } from './shared-store.js';
export { SharedRateLimiter } from './shared-rate-limiter.js';
export { sharedRateLimiterPolicy } from './shared-rate-limiter.definition.js';
export { sharedRateLimiterOptions, type SharedRateLimiterOptions } from './shared-rate-limiter.options.js';
export { type EvidencedBreaker, FleetBreaker, fleetBreakerOptions, type FleetBreakerOptions } from './fleet-breaker.js';
export { RedisConfigSource, type RedisConfigSourceOptions } from './redis-config-source.js';
