import 'reflect-metadata';
import { Controller, Get, Injectable, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import type { AdmissionPolicy, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { Attempt, Signal } from './decorators/parameter.decorators.js';
import { Protect } from './decorators/protect.decorator.js';
import { policyDecorator } from './policy-decorator.js';
import { ReliabilityModule } from './reliability.module.js';
import { ReliabilityRuntime } from './reliability-runtime.js';

/** Counts what passes. */
class Tally implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'tally';
  readonly waits = false;
  readonly timed = false;
  admitted = 0;
  settled = 0;

  constructor(
    readonly name: string,
    readonly step: number,
  ) {}

  admit(): number {
    this.admitted += this.step;
    return 0;
  }

  settle(): void {
    this.settled += this.step;
  }

  inspect(): PolicySnapshot {
    return { type: this.type, name: this.name, admitted: this.admitted, settled: this.settled };
  }

  reconfigure(): void {}
}

const tallyOptions = z.strictObject({ step: z.int().positive().default(1) });

const tally = {
  type: 'tally',
  optionKey: 'tally',
  slot: 'circuit-breaker',
  options: tallyOptions,
  create: (name, options) => new Tally(name, options.step),
} satisfies PolicyDefinition<typeof tallyOptions, Tally>;

const Tallied = policyDecorator<z.input<typeof tallyOptions>>('Tallied', tally);

@Injectable()
class Rates {
  @Tallied('okx')
  async fetch(symbol: string, @Signal() signal?: AbortSignal, @Attempt() attempt?: number) {
    return [symbol, signal instanceof AbortSignal, attempt];
  }

  @Tallied((venue: string) => venue)
  async of(venue: string) {
    return venue;
  }

  @Tallied({ step: 5 })
  sync(value: number) {
    return value * 2;
  }

  @Protect('okx')
  async whole() {
    return 'whole';
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @Tallied('okx')
  async fetch() {
    return 'request';
  }
}

class Plain {
  @Tallied('okx')
  async fetch() {
    return 'plain';
  }
}

@Controller()
class RatesController {
  @Get('rates')
  @Tallied('okx')
  async rates() {
    return 'controller';
  }
}

const compile = (policies: object, extra: object[] = []) =>
  Test.createTestingModule({
    imports: [ReliabilityModule.forRoot({ customPolicies: [tally], policies: policies as never })],
    controllers: [RatesController],
    providers: [Rates, PerRequest, { provide: Plain, useFactory: () => new Plain() }, ...(extra as never[])],
  }).compile();

describe('ReliabilityModule', () => {
  const policies = { okx: { tally: {} }, bybit: { tally: { step: 10 } } };

  it('protects methods of providers, request-scoped, factory-built and attached instances through shared policies', async () => {
    const app = await compile(policies);
    await app.init();
    const runtime = app.get(ReliabilityRuntime);
    const counted = () => runtime.registry.named(tally, 'okx').inspect(0);

    expect(await app.get(Rates).fetch('BTC')).toEqual(['BTC', true, 1]);
    expect(await (await app.resolve(PerRequest)).fetch()).toBe('request');
    expect(await app.get(Plain).fetch()).toBe('plain');
    expect(await runtime.attach(new Plain()).fetch()).toBe('plain');
    expect(await app.get(RatesController).rates()).toBe('controller');
    expect(await app.get(Rates).whole()).toBe('whole');

    expect(counted()).toMatchObject({ admitted: 6, settled: 6 });
    await app.close();
  });

  it('takes the name from the call and leaves a plain value plain', async () => {
    const app = await compile(policies);
    await app.init();
    const { registry } = app.get(ReliabilityRuntime);

    await app.get(Rates).of('bybit');
    expect(registry.named(tally, 'bybit').inspect(0)).toMatchObject({ admitted: 10 });
    expect(app.get(Rates).sync(21)).toBe(42);
    expect(registry.inspect(0)).toContainEqual({ type: 'tally', name: 'Rates.sync', admitted: 5, settled: 5 });
    await expect(app.get(Rates).of('nowhere')).rejects.toThrow(
      'Rates.of: no policy is configured under the name "nowhere"; configured: okx, bybit',
    );
    await app.close();
  });

  it('stops the start with one error that names every invalid option', async () => {
    await expect(
      compile({ okx: { tally: { step: -1 }, retries: {} }, bybit: { tally: { steps: 2 } } }),
    ).rejects.toThrow(
      [
        'Invalid reliability options:',
        '  - policies.okx.tally.step: must be more than 0; got -1',
        '  - policies.okx.retries: is not a kind of policy',
      ].join('\n'),
    );
  });

  it('stops the start when a decorator names what is not configured', async () => {
    const app = await compile({ bybit: { tally: {} } });
    await expect(app.init()).rejects.toThrow('no policy is configured under the name "okx"; configured: bybit');
  });
});
