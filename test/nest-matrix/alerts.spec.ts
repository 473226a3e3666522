import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ReliabilityManager, ReliabilityModule } from '@marketprism/reliability';
import { Alerts, type AlertNotification, type AlertSink } from '@marketprism/reliability/alerting';
import { ReliabilityTesting } from '@marketprism/reliability/testing';

class Told implements AlertSink {
  readonly name = 'told';
  readonly grouping = { waitMs: 0 };
  readonly notifications: AlertNotification[] = [];

  send(notification: AlertNotification): void {
    this.notifications.push(notification);
  }
}

/** Their figures are those of this process, whose time does not stand still. */
const builtin = { except: ['EventLoopBusy', 'HeapNearlyFull', 'HeapFilling'] };
const okx = { okx: { circuitBreaker: { consecutiveFailures: 3 } } };

async function appWith(alerts?: Parameters<ReliabilityTesting['forRoot']>[0]) {
  const reliability = new ReliabilityTesting();
  const module = await Test.createTestingModule({
    imports: [reliability.forRoot({ policies: okx, ...alerts })],
  }).compile();
  await reliability.use(module).init();
  return { reliability, module, alerts: module.get(Alerts), manager: module.get(ReliabilityManager) };
}

describe('alerts of the module', () => {
  it('fire for an open circuit by the rules that come with the library', async () => {
    const sink = new Told();
    const { reliability, module, alerts, manager } = await appWith({ alerts: { builtin, sinks: [sink] } });
    const fired: string[] = [];
    manager.on('alert.firing', ({ alert }) => fired.push(alert.fingerprint));
    const failing = () => manager.executeWithProtection('okx', () => Promise.reject(new Error('down')));
    for (let call = 0; call < 3; call += 1) await expect(failing()).rejects.toThrow('down');
    reliability.forceOpen('okx');
    await reliability.clock.run(120_000);
    expect(fired).toEqual(['CircuitOpen{policy="okx"}']);
    expect(sink.notifications.flatMap((one) => one.alerts.map(({ name, policy }) => [name, policy]))).toEqual([
      ['CircuitOpen', 'okx'],
    ]);
    reliability.reset('okx');
    await reliability.clock.run(30_000);
    expect(alerts.active().alerts).toEqual([]);
    await module.close();
    expect(reliability.clock.pending).toBe(0);
  });

  it('write a line to the log when it fires, rises and ends', async () => {
    const lines: string[] = [];
    const spies = (['error', 'warn', 'log'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation((...[line]: unknown[]) => {
        lines.push(`${level} ${String(line)}`);
      }),
    );
    const { reliability, module } = await appWith({ alerts: { builtin } });
    reliability.forceOpen('okx');
    module.get(ReliabilityManager).policy('circuit-breaker', 'okx');
    await reliability.clock.run(17 * 60_000);
    reliability.reset('okx');
    await reliability.clock.run(15_000);
    for (const spy of spies) spy.mockRestore();
    expect(lines.filter((line) => line.includes('Alert CircuitOpen'))).toEqual([
      'warn Alert CircuitOpen {policy="okx"} warning: The circuit does not let calls through: 1 > 0',
      'error Alert CircuitOpen {policy="okx"} critical: The circuit does not let calls through: 1 > 0',
      'log Alert CircuitOpen {policy="okx"} resolved: The circuit does not let calls through: 0 ≤ 0',
    ]);
    await module.close();
  });

  it('are none unless asked for, and can be read all the same', async () => {
    const { reliability, module, alerts } = await appWith();
    expect(alerts.active().alerts).toEqual([]);
    expect(alerts.inspect().rules).toEqual([]);
    expect(reliability.clock.pending).toBe(0);
    await module.close();
  });

  it('stop the start when they are not right, and keep the secret to themselves', async () => {
    const wrong = {
      rules: [{ name: 'Twice', kind: 'threshold', source: { process: 'heapShare' }, above: 1, below: 0 }],
      sinks: [{ kind: 'webhook', url: 'https://ann:hunter2@example.org/', secret: 'short' }],
      evaluateEveryMs: 1,
    };
    @Module({ imports: [ReliabilityModule.forRoot({ alerts: wrong as never })] })
    class App {}
    const starting = Test.createTestingModule({ imports: [App] }).compile();
    const { message } = (await starting.catch((error: unknown) => error)) as Error;
    expect(message).toContain('alerts.rules.0: must have one of above and below');
    expect(message).toContain('alerts.sinks.0.url: must not have a user or password in it');
    expect(message).toContain('alerts.sinks.0.secret: ');
    expect(message).toContain('alerts.evaluateEveryMs: ');
    expect(message).not.toMatch(/hunter2|short/);
  });
});
