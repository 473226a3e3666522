import { EventBus } from './event-bus.js';
import type { ReliabilityEvent } from './events.js';

const event: ReliabilityEvent = { type: 'custom', policy: 'p', at: 0, name: 'ping' };

describe('EventBus', () => {
  it('wants only what somebody listens to', () => {
    const bus = new EventBus();
    expect(bus.wants('custom')).toBe(false);
    const off = bus.on('custom', () => undefined);
    expect([bus.wants('custom'), bus.wants('retry.exhausted')]).toEqual([true, false]);
    off();
    off();
    expect(bus.wants('custom')).toBe(false);
    const offAll = bus.onAny(() => undefined);
    expect(bus.wants('retry.exhausted')).toBe(true);
    offAll();
    expect(bus.wants('retry.exhausted')).toBe(false);
  });

  it('keeps a listener that throws, and one that reports it badly, away from the emitter and the others', () => {
    const heard: string[] = [];
    const bus = new EventBus((error) => {
      heard.push((error as Error).message);
      throw new Error('the report fails too');
    });
    bus.on('custom', () => {
      throw new Error('first');
    });
    bus.on('custom', () => heard.push('second'));
    bus.emit(event);
    expect(heard).toEqual(['first', 'second']);
  });

  it('delivers to those who listened when it was emitted, while listeners come and go', () => {
    const heard: string[] = [];
    const bus = new EventBus();
    const off = bus.on('custom', () => {
      heard.push('a');
      off();
      bus.on('custom', () => heard.push('late'));
    });
    bus.emit(event);
    bus.emit(event);
    expect(heard).toEqual(['a', 'late']);
  });

  it('survives an event emitted from within a listener', () => {
    const heard: string[] = [];
    const bus = new EventBus();
    bus.on('custom', ({ name }) => {
      heard.push(name);
      if (name === 'ping') bus.emit({ ...event, name: 'pong' });
    });
    bus.emit(event);
    expect(heard).toEqual(['ping', 'pong']);
  });
});
