import { classifyBy } from './classify-by.js';

describe('classifyBy', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const told: unknown[] = [];
  const failed = (thrown: unknown) => told.push(thrown);

  beforeEach(() => {
    told.length = 0;
  });

  it('goes by the classifier that is given', () => {
    const own = () => ({ errorClass: 'rateLimit', retryAfterMs: 5 }) as const;
    expect(classifyBy(own, refused, failed)).toEqual({ errorClass: 'rateLimit', retryAfterMs: 5 });
    expect(told).toEqual([]);
  });

  it('goes by the built-in one without it, and has nothing to tell', () => {
    expect(classifyBy(undefined, refused, failed)).toEqual({ errorClass: 'network', neverSent: true });
    expect(told).toEqual([]);
  });

  it('goes by the built-in one when its own throws, and tells', () => {
    const thrown = new Error('mistake');
    const own = () => {
      throw thrown;
    };
    expect(classifyBy(own, refused, failed).errorClass).toBe('network');
    expect(told).toEqual([thrown]);
  });

  it.each([[undefined], [null], ['network'], [{}], [{ errorClass: 'odd' }]])('and when it gives %j', (answer) => {
    expect(classifyBy(() => answer as never, refused, failed).errorClass).toBe('network');
    expect(String(told[0])).toBe(
      'TypeError: a classifier must give an errorClass: one of network, timeout, rateLimit, server, client, auth, data, unknown',
    );
  });
});
