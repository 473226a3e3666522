import 'reflect-metadata';
import { Get, Injectable, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Protect, ReliabilityModule, ReliabilityRuntime, Retry, Unprotected } from '@marketprism/reliability';
import { Tallied, tallied, tallyOf } from './tally.js';

class Base {
  async inherited() {
    return 'inherited';
  }
}

@Injectable()
@Tallied('okx')
class Rates extends Base implements OnModuleInit {
  started = false;

  onModuleInit() {
    this.started = true;
  }

  async fetch(symbol: string) {
    return symbol;
  }

  sync() {
    return 1;
  }

  @Tallied('bybit')
  async own() {
    return 'own';
  }

  @Unprotected()
  async free() {
    return 'free';
  }

  get value() {
    return 5;
  }
}

@Retry('okx', { attempts: 2 })
@Protect('okx')
class Whole {
  /** Named, with metadata and a length of its own. */
  @Get('whole')
  async whole(first: string, second: string) {
    return first + second;
  }
}

describe('a decorator on a class', () => {
  const start = async () => {
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot(tallied)],
      providers: [Rates, Whole],
    }).compile();
    await module.init();
    return module;
  };

  it('protects all methods, inherited ones too, and leaves hooks, accessors and exempted ones alone', async () => {
    const module = await start();
    const rates = module.get(Rates);
    expect([await rates.fetch('BTC'), rates.sync(), await rates.inherited()]).toEqual(['BTC', 1, 'inherited']);
    expect(tallyOf(module).admitted).toBe(3);
    expect([rates.started, rates.value, await rates.free()]).toEqual([true, 5, 'free']);
    expect(await new Base().inherited()).toBe('inherited');
    expect(tallyOf(module).admitted).toBe(3);
    await module.close();
  });

  it('yields to the same decorator on a method', async () => {
    const module = await start();
    await module.get(Rates).own();
    expect([tallyOf(module, 'okx').admitted, tallyOf(module, 'bybit').admitted]).toEqual([0, 1]);
    await module.close();
  });

  it('adds up with others, and keeps name, length and metadata', async () => {
    const module = await start();
    const whole = Object.getOwnPropertyDescriptor(Whole.prototype, 'whole')!.value as () => unknown;
    expect([whole.name, whole.length, Reflect.getMetadata('path', whole)]).toEqual(['whole', 2, 'whole']);
    expect(await module.get(Whole).whole('a', 'b')).toBe('ab');
    expect(
      module
        .get(ReliabilityRuntime)
        .explain(Whole, 'whole')
        .map(({ type }) => type),
    ).toEqual(['retry', 'tally']);
    await module.close();
  });
});
