import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import type { Instrumentation } from '../core/instrumentation.js';
import type { Next } from '../core/policy.js';
import { Chain } from './chain.js';
import type { Link } from './link.js';
import { canonicalOrder } from './order.js';

/** A chain whose calls are watched. */
export class InstrumentedChain extends Chain {
  readonly #watched: Next;

  constructor(
    links: readonly Link[],
    invoke: Next,
    capabilities: Capabilities,
    order: readonly string[] | undefined,
    instrumentation: Instrumentation,
  ) {
    const probe = instrumentation.probe(canonicalOrder(links, order).map(({ policy }) => policy));
    super(links, (call) => probe.invoke(call, invoke), capabilities, order, probe);
    const run: Next = (call) => super.execute(call);
    this.#watched = (call) => probe.call(call, run);
  }

  override execute(call: Call): unknown {
    return this.#watched(call);
  }

  /** A refusal is thrown: it has to pass those who watch. */
  override answer(call: Call): unknown {
    return this.#watched(call);
  }
}
