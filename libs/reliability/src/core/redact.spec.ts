import { namesSecret, pathNamesSecret, redactText } from './redact.js';

describe('redaction', () => {
  it.each([
    [
      'https://user:pa55@host.example/a?b=c&token=xyz#frag',
      'https://[redacted]@host.example/a?b=[redacted]&token=[redacted]#[redacted]',
    ],
    ['redis://:hunter2@10.0.0.1:6379/0', 'redis://[redacted]@10.0.0.1:6379/0'],
    ['postgres://a@b:c@d@host/db', 'postgres://[redacted]@host/db'],
    [
      'https://hooks.example/services/T0/B0/abcDEF123456789012345678',
      'https://hooks.example/services/T0/B0/[redacted]',
    ],
    ['https://host/x?justatoken', 'https://host/x?[redacted]'],
    ['failed: Authorization: Bearer abc.def-123', 'failed: Authorization: Bearer [redacted]'],
    ['password=hunter2; user=me', 'password=[redacted]; user=me'],
    ['{"apiKey":"k-123","limit":5}', '{"apiKey":"[redacted]","limit":5}'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '[redacted]'],
    ['nothing to see at http://localhost:3000/path/to', 'nothing to see at http://localhost:3000/path/to'],
    ['circuit "okx": 50 % of calls fail', 'circuit "okx": 50 % of calls fail'],
  ])('%s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  it.each([
    'password',
    'dbPassword',
    'api_key',
    'apiKey',
    'x-auth-token',
    'Authorization',
    'clientSecret',
    'SECRET',
    'cookies',
  ])('takes %s for the name of a secret', (key) => {
    expect(namesSecret(key, 'text')).toBe(true);
  });

  it.each(['key', 'maxKeys', 'tokens', 'keyIdleMs', 'idempotencyKey', 'author', 'passive', 'secretary'])(
    'does not take %s with a number for one',
    (key) => {
      expect(namesSecret(key, 5)).toBe(false);
    },
  );

  it('tells names that people chose from those of secrets', () => {
    expect(pathNamesSecret(['policies', 'token-service', 'retry', 'attempts'], 3)).toBe(false);
    expect(pathNamesSecret(['policies', 'token-service'], {})).toBe(false);
    expect(pathNamesSecret(['policies', 'okx', 'password'], 'x')).toBe(true);
    expect(pathNamesSecret(['policies', 'okx', 'secret', 'inner'], 'x')).toBe(true);
    expect(pathNamesSecret(['policies', 'token'], 'x')).toBe(true);
  });

  it('takes time in proportion to the text', () => {
    const hostile = [
      'a://'.repeat(20_000),
      '@'.repeat(50_000),
      `http://${'?'.repeat(50_000)}`,
      'token='.repeat(20_000),
    ];
    for (const text of hostile) expect(typeof redactText(text)).toBe('string');
  });
});
