import { whyForbidden } from './chaos-permission.js';

const OPTIONS = { environments: ['development', 'test', 'production'], allowInProduction: false };
const ALLOWED = { environments: ['test'], allowInProduction: true };

describe('whyForbidden', () => {
  it.each(['development', 'test'])('allows %s', (environment) => {
    expect(whyForbidden(OPTIONS, environment)).toBeUndefined();
  });

  it.each(['production', 'PRODUCTION', 'prod', 'prod-eu', 'live', 'Live-2'])(
    'forbids %s unless it is allowed, whatever the list says',
    (environment) => {
      expect(whyForbidden(OPTIONS, environment)).toBe(`NODE_ENV is "${environment}" and allowInProduction is not set`);
      expect(whyForbidden(ALLOWED, environment)).toBeUndefined();
    },
  );

  it.each([undefined, ''])('takes %p for production', (environment) => {
    expect(whyForbidden(OPTIONS, environment)).toBe(
      'NODE_ENV is not set, which counts as production; set it, or allowInProduction',
    );
    expect(whyForbidden(ALLOWED, environment)).toBeUndefined();
  });

  it.each(['staging', 'preprod', 'alive'])('forbids %s, which is not on the list', (environment) => {
    expect(whyForbidden(ALLOWED, environment)).toBe(
      `NODE_ENV is "${environment}", which is not among the environments test`,
    );
    expect(whyForbidden(OPTIONS, environment)).toContain('development, test, production');
  });
});
