export { Call } from './core/call.js';
export { type Capabilities, systemCapabilities } from './core/capabilities.js';
export { type Clock, systemClock } from './core/clock.js';
export type { Timer } from './core/timer.js';
export type { OptionProblem } from './core/option-problem.js';
export type { EndpointRef } from './core/endpoint.js';
export { type Classification, type Classify, ERROR_CLASSES, type ErrorClass } from './core/error-class.js';
export {
  InvalidOptionsError,
  InvalidUseError,
  isRefused,
  isReliabilityError,
  ReliabilityError,
  type ReliabilityErrorCode,
  ShuttingDownError,
} from './core/errors.js';
export { EventBus, type EventListener, type Unsubscribe } from './core/event-bus.js';
export type { EventType, ReliabilityEvent } from './core/events.js';
export type { CallProbe, Instrumentation, PolicyLabel } from './core/instrumentation.js';
export type { Failure, Ignored, Outcome, Success } from './core/outcome.js';
export type {
  Admission,
  AdmissionPolicy,
  AroundPolicy,
  Next,
  Permit,
  Policy,
  PolicyContext,
  PolicySnapshot,
} from './core/policy.js';
export { type PolicyDefinition, type Slot, SLOTS } from './core/policy-definition.js';
export { PRIORITIES, type Priority } from './core/priority.js';
export { type Random, seededRandom, systemRandom } from './core/random.js';
export { Refusal } from './core/refusal.js';
export type { Per, Use } from './core/use.js';
export {
  type CircuitBreaker as CircuitBreakerHandle,
  type CircuitBreakerCounter,
  circuitBreakerPolicy,
  type CircuitBreakerSnapshot,
  type KeysSnapshot,
} from './circuit-breaker/circuit-breaker.js';
export {
  type CircuitBreakerOptions,
  circuitBreakerOptions,
  type ProbeContext,
  type ResolvedCircuitBreakerOptions,
} from './circuit-breaker/circuit-breaker.options.js';
export { CircuitOpenError, isCircuitOpen, type RefusingState } from './circuit-breaker/circuit-open-error.js';
export type { CircuitView } from './circuit-breaker/circuit-view.js';
export type { CircuitBreakerState } from './core/events.js';
export { KeyedStates, type KeyedStatesOptions } from './core/keyed-states.js';
export { type Fallback as FallbackHandle, fallbackPolicy, type FallbackSnapshot } from './fallback/fallback.js';
export {
  type FallbackHandler,
  type FallbackOptions,
  fallbackOptions,
  type ResolvedFallbackOptions,
} from './fallback/fallback.options.js';
export type { FallbackSource } from './fallback/fallback-step.js';
export { type Staleness, stalenessOf } from './fallback/staleness.js';
export { type Bulkhead as BulkheadHandle, bulkheadPolicy } from './bulkhead/bulkhead.js';
export { BulkheadFullError, type BulkheadRefusalReason, isBulkheadFull } from './bulkhead/bulkhead-full-error.js';
export type { BulkheadOptions } from './bulkhead/bulkhead.options.js';
export { type Chaos as ChaosHandle, chaosPolicy, type ChaosSnapshot } from './chaos/chaos.js';
export { type ChaosOptions, chaosOptions, type Injection, type ResolvedChaosOptions } from './chaos/chaos.options.js';
export { ChaosForbiddenError, ChaosInjectedError, isChaosInjected } from './chaos/chaos-injected-error.js';
export { type Hedge as HedgeHandle, hedgePolicy } from './hedge/hedge.js';
export type { HedgeOptions } from './hedge/hedge.options.js';
export { CallTimeoutError, isCallTimeout } from './time-limit/call-timeout-error.js';
export { type Deadline as DeadlineHandle, deadlinePolicy } from './time-limit/deadline.js';
export { DeadlineExceededError, isDeadlineExceeded } from './time-limit/deadline-exceeded-error.js';
export { type TimeLimit as TimeLimitHandle, timeLimitPolicy } from './time-limit/time-limit.js';
export type { DeadlineOptions, TimeLimitOptions } from './time-limit/time-limit.options.js';
export {
  type LoadBalancer as LoadBalancerHandle,
  type LoadBalancerSnapshot,
  loadBalancerPolicy,
} from './load-balancer/load-balancer.js';
export {
  type EndpointOptions,
  type LoadBalancerOptions,
  loadBalancerOptions,
  type ResolvedLoadBalancerOptions,
} from './load-balancer/load-balancer.options.js';
export { isNoEndpoint, NoEndpointError, type NoEndpointReason } from './load-balancer/no-endpoint-error.js';
export type { Discover, Discovered } from './load-balancer/discover.js';
export type { HealthProbe } from './load-balancer/health-probe.js';
export type { Candidate } from './load-balancer/instance.js';
export type { InstanceView } from './load-balancer/instance-view.js';
export type { Avoided, Picker, PickerContext, Strategy } from './load-balancer/picker.js';
export type { Provisioned, Provisioner } from './load-balancer/provisioner.js';
export { Budget, type BudgetCosts, type BudgetOptions, type BudgetSnapshot } from './core/budget.js';
export {
  type ClassificationRule,
  type ClassifierOptions,
  classify,
  createClassifier,
} from './core/classification/classify.js';
export { attemptsOf, type FailedAttemptRecord, type RetryReport, retryReportOf } from './retry/attempts-of.js';
export {
  adaptive,
  Backoff,
  type BackoffLimits,
  type BackoffStep,
  custom,
  decorrelated,
  exponential,
  fibonacci,
  fixed,
  type Jitter,
  linear,
} from './retry/backoff.js';
export {
  RETRY_ATTEMPT_HEADER,
  retryAnswerHeaders,
  retryHeaders,
  SHOULD_RETRY_HEADER,
  withinRetryHop,
} from './retry/retry-hop.js';
export { type Retry as RetryHandle, retryPolicy } from './retry/retry.js';
export {
  type FailedAttempt,
  type ResolvedRetryOptions,
  type RetryOptions,
  retryOptions,
  type RetryPredicate,
} from './retry/retry.options.js';
export type { StopReason } from './retry/retry-decision.js';
export { idempotencyKeyOf } from './retry/idempotency-key.js';
export { isRetryExhausted, RetryExhaustedError } from './retry/retry-exhausted-error.js';
export type { OperationRecord } from './retry/retry-history.js';
export type { ClassTotals } from './retry/class-statistics.js';
export {
  isRateLimited,
  RATE_LIMIT_REASONS,
  RateLimitedError,
  type RateLimitReason,
} from './rate-limiter/rate-limited-error.js';
export type { LearnedQuota } from './rate-limiter/gate.js';
export { type HeaderReader, quotasFromHeaders } from './rate-limiter/quota-headers.js';
export { rateLimitHeaders } from './rate-limiter/rate-limit-headers.js';
export { OPERATION_LIMITS, type RateLimiterOptions } from './rate-limiter/rate-limiter.options.js';
export type { AcquireOptions } from './rate-limiter/acquire.js';
export type { RateLimitDecision } from './rate-limiter/rate-limit-decision.js';
export { createRateLimiter } from './rate-limiter/create-rate-limiter.js';
export { type RateLimiter as RateLimiterHandle, rateLimiterPolicy } from './rate-limiter/rate-limiter.js';
export { buildChain, type ChainOptions, type StandaloneChain } from './chain/build-chain.js';
export { BUILTIN_POLICIES } from './chain/builtin-policies.js';
export type { CallOutcome, Refused } from './chain/chain.js';
export type { CallContext, ExecuteOptions, Work } from './chain/execute.js';
export type { ChainLine } from './chain/explain.js';
export { PolicyFactory } from './chain/policy-factory.js';
export type { PolicySet } from './chain/policy-set.js';
export { detached, remainingMs } from './core/ambient.js';
export { type Coalesce as CoalesceHandle, coalescePolicy, type CoalesceSnapshot } from './coalesce/coalesce.js';
export type { CoalesceOptions } from './coalesce/coalesce.options.js';
export type { ReliabilityConfiguration } from './manager/configuration.js';
export type { DependencyHealth, HealthReason, HealthScore, SystemHealth } from './manager/health-score.js';
export { PolicyRegistry, type RegisteredPolicy } from './manager/policy-registry.js';
export { ReliabilityManager } from './manager/reliability-manager.js';
export { type OfferedAction, ReliabilityControl } from './manager/reliability-control.js';
export { type ChangedBy, LiveConfiguration, type LiveConfigurationOptions } from './manager/live-configuration.js';
export { MemoryConfigSource } from './manager/memory-config-source.js';
export {
  type DocumentStore,
  PolledConfigSource,
  type PolledConfigSourceOptions,
  type StoredDocument,
} from './manager/polled-config-source.js';
export { DecisionMaker, type DecisionOptions, type StandingDecision } from './manager/decision-maker.js';
export type { Decision, DecisionMode, DecisionRule, Observation } from './manager/decision-rules.js';
export { BUILTIN_RULES } from './manager/builtin-rules.js';
export type { TenantOverrides } from './manager/tenant-overrides.js';
export { type Action, actionSchema } from './manager/actions.js';
export {
  type AuditEntry,
  type AuditListOptions,
  type AuditOutcome,
  type AuditTrail,
  MemoryAuditTrail,
} from './manager/audit-trail.js';
export {
  ConfigConflictError,
  type ConfigSource,
  type ConfigurationOverride,
  type SourcedConfig,
  type SourceWatcher,
  type StopWatching,
} from './manager/config-source.js';
export type { ConfigurationDocument, Json, JsonObject } from './manager/configuration-document.js';
export {
  type ConfigurationHistory,
  type ConfigurationVersion,
  type ListOptions,
  MemoryConfigurationHistory,
} from './manager/configuration-history.js';
export {
  ActionRefusedError,
  type ActionResult,
  type Actor,
  type ConfigurationView,
  type Control,
  type OverrideView,
  type RefusalKind,
  type SourceView,
} from './manager/control.js';
export {
  type ManagerSnapshot,
  SNAPSHOT_SCHEMA,
  snapshotJsonSchema,
  snapshotSchema,
} from './manager/snapshot-schema.js';
export { Balanced } from './nest/decorators/balanced.decorator.js';
export { Bulkhead } from './nest/decorators/bulkhead.decorator.js';
export { CircuitBreaker } from './nest/decorators/circuit-breaker.decorator.js';
export { Deadline } from './nest/decorators/deadline.decorator.js';
export { Fallback, FallbackTo } from './nest/decorators/fallback.decorator.js';
export { Chaos } from './nest/decorators/chaos.decorator.js';
export { Coalesce } from './nest/decorators/coalesce.decorator.js';
export { Hedge } from './nest/decorators/hedge.decorator.js';
export { Unprotected } from './nest/decorators/unprotected.decorator.js';
export { Attempt, Endpoint, Signal } from './nest/decorators/parameter.decorators.js';
export { Protect, type ProtectOptions } from './nest/decorators/protect.decorator.js';
export { RateLimit } from './nest/decorators/rate-limit.decorator.js';
export { Retry } from './nest/decorators/retry.decorator.js';
export { TimeLimit } from './nest/decorators/time-limit.decorator.js';
export {
  type PolicyDecorator,
  policyDecorator,
  type UseOptions,
  type WaitingPolicyDecorator,
  waitingPolicyDecorator,
} from './nest/policy-decorator.js';
export type { CallOptions, SettleOn } from './nest/call-options.js';
// Whole modules, since an interface that others augment is found through nothing less.
export type * from './chain/policy-options.js';
export type * from './nest/policy-names.js';
export { ReliabilityModule } from './nest/reliability.module.js';
export { definePolicy, type OwnPolicy, type OwnPolicyDecorator } from './nest/define-policy.js';
export {
  getPolicyToken,
  InjectBalancer,
  InjectBulkhead,
  InjectChaos,
  InjectCircuitBreaker,
  InjectPolicy,
  InjectRateLimiter,
  InjectRetry,
} from './nest/policy-handles.js';
export { RELIABILITY_CAPABILITIES } from './nest/reliability.constants.js';
export { ReliabilityInterceptor } from './nest/reliability.interceptor.js';
export { handlerOptions, type HandlerOptions } from './nest/handler-options.js';
export { ReliabilityExceptionFilter } from './nest/reliability-exception.filter.js';
export { type HttpAnswer, httpAnswer } from './nest/http-answer.js';
export { RateLimitGuard } from './nest/rate-limit.guard.js';
export { LimitRoute, type RouteLimit, SkipRateLimit } from './nest/route-limit.js';
export { clientKey, type ClientKeyRule, type ClientRequest } from './nest/client-key.js';
export { ClientDisconnectedError } from './nest/client-disconnect.js';
export { DEFAULT_DEADLINE_HEADER, deadlineHeaders } from './nest/deadline-header.js';
export type { DashboardOptions, HealthMountOptions, MetricsMountOptions } from './nest/mount-options.js';
export type { ReliabilityModuleOptions } from './nest/reliability.module-definition.js';
export { ReliabilityRuntime } from './nest/reliability-runtime.js';
export { onUnmanaged, type UnmanagedMode } from './nest/unmanaged.js';
