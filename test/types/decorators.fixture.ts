// Compiled by decorators.spec.ts: the lines that end in "wrong" must not compile, all others must.
import {
  CircuitBreaker,
  Fallback,
  Hedge,
  Protect,
  RateLimit,
  ReliabilityModule,
  type ReliabilityModuleOptions,
  Retry,
  TimeLimit,
} from '@marketprism/reliability';
import { Observable } from 'rxjs';

declare module '@marketprism/reliability' {
  interface PolicyOptions {
    readonly meter?: { readonly volume?: number };
  }
  interface PolicyNames {
    okx: true;
    bybit: true;
  }
}

type Venue = 'okx' | 'bybit';

export class Names {
  @CircuitBreaker('okx')
  async known() {}

  @CircuitBreaker('kraken') // wrong
  async unknown() {}

  @CircuitBreaker((venue: Venue) => venue)
  async computed(_venue: Venue, _symbol?: string) {}

  @CircuitBreaker((venue: number) => (venue === 1 ? 'okx' : 'bybit')) // wrong
  async ofAnotherType(_venue: Venue) {}

  @CircuitBreaker((_venue: Venue, symbol: string) => (symbol === '' ? 'okx' : 'bybit')) // wrong
  async ofOptional(_venue: Venue, _symbol?: string) {}
}

export class Uses {
  @RateLimit('okx', {
    key: (tenant: string) => tenant,
    priority: (_: string, urgent: boolean) => (urgent ? 'high' : 'low'),
  })
  async keyed(_tenant: string, _urgent: boolean) {}

  @RateLimit('okx', { key: 'fixed', priority: 'high', cost: 2, deadlineMs: 500 })
  async values() {}

  @RateLimit('okx', { cost: (items: string[]) => items.length }) // wrong
  async cost(_items: number) {}

  @RateLimit({ priority: 'urgent' }) // wrong
  async priority() {}

  @RateLimit({ limits: 5 }) // wrong
  async options() {}

  @Protect('okx', { deadlineMs: (ms: number) => ms, idempotent: false })
  async deadline(_ms: number) {}
}

export class Results {
  @Retry()
  async promise() {}

  @Retry()
  observable(): Observable<number> {
    return new Observable();
  }

  @TimeLimit({ limitMs: 5 })
  async *iterable() {
    yield 1;
  }

  @Retry() // wrong
  plain(): number {
    return 1;
  }

  @Hedge() // wrong
  nothing(): void {}

  @CircuitBreaker()
  decidesAtOnce(): number {
    return 1;
  }
}

@Retry('okx')
@CircuitBreaker()
export class Whole {
  async fetch() {}
}

export class Fallbacks {
  @Fallback('cached')
  async fetch(symbol: string, depth: number): Promise<number> {
    return symbol.length + depth;
  }

  async cached(_symbol: string, _depth: number, _error?: unknown): Promise<number> {
    return 0;
  }

  @Fallback('missing') // wrong
  async unnamed(): Promise<number> {
    return 1;
  }

  @Fallback('text') // wrong
  async otherResult(): Promise<number> {
    return 1;
  }

  async text(): Promise<string> {
    return '';
  }

  @Fallback('cached') // wrong
  async otherParameters(depth: number): Promise<number> {
    return depth;
  }

  @Fallback('hidden') // wrong
  async toPrivate(): Promise<number> {
    return this.hidden();
  }

  private async hidden(): Promise<number> {
    return 1;
  }

  @Fallback({ value: 0 })
  async value(): Promise<number> {
    return 1;
  }

  @Fallback({ value: 'none' }) // wrong
  async otherValue(): Promise<number> {
    return 1;
  }

  @Fallback((error: unknown, symbol: string) => (error === undefined ? symbol.length : 0))
  async handled(symbol: string): Promise<number> {
    return symbol.length;
  }

  @Fallback((_error: unknown, symbol: number) => symbol) // wrong
  async otherArguments(symbol: string): Promise<number> {
    return symbol.length;
  }

  @Fallback({ lastGood: { maxAgeMs: 1_000 } })
  async kept(): Promise<number> {
    return 1;
  }
}

export const options: ReliabilityModuleOptions = {
  defaults: { retry: { attempts: 3 } },
  policies: { okx: { meter: { volume: 1 }, circuitBreaker: { openForMs: 5_000 } } },
};

export const modules = [
  ReliabilityModule.forRoot({ policies: { okx: { retry: { attempts: 3 } } } }),
  ReliabilityModule.forRoot({ policies: { okx: { retry: { attempt: 3 } } } }), // wrong
  ReliabilityModule.forRoot({ policies: { okx: { retries: {} } } }), // wrong
];
