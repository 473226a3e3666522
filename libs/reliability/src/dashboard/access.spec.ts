import type { AdminRequest } from '../admin/request-parts.js';
import { accessOf, objectionTo } from './access.js';

const request = (remoteAddress: string, headers: Record<string, string> = {}, user?: unknown) =>
  ({ headers: { host: 'localhost:3000', ...headers }, socket: { remoteAddress }, user }) as unknown as AdminRequest;

describe('accessOf', () => {
  it('without auth lets this machine look, and nobody else', () => {
    expect(accessOf(request('127.0.0.1'), undefined).kind).toBe('look');
    expect(accessOf(request('::1', { host: '[::1]:3000' }), undefined).kind).toBe('look');
    expect(accessOf(request('::ffff:127.0.0.1', { host: '127.0.0.1' }), undefined).kind).toBe('look');
  });

  it.each([
    ['another machine', request('10.0.0.7')],
    ['a name that was made to lead here', request('127.0.0.1', { host: 'evil.example' })],
    ['what a proxy on this machine passes on', request('127.0.0.1', { 'x-forwarded-for': '10.0.0.7' })],
  ])('without auth refuses %s', (_, given) => {
    expect(accessOf(given, undefined).kind).toBe('refused');
  });

  it('with a token lets act whoever has it, from anywhere', () => {
    const auth = { token: 'sixteen-characters' };
    expect(accessOf(request('10.0.0.7', { authorization: 'Bearer sixteen-characters' }), auth)).toEqual({
      kind: 'act',
      who: 'token',
    });
    expect(accessOf(request('127.0.0.1'), auth).kind).toBe('sign-in');
    expect(accessOf(request('127.0.0.1', { authorization: 'Bearer sixteen-character' }), auth).kind).toBe('sign-in');
  });

  it('with a guard knows who has passed it', () => {
    const guard = { canActivate: () => true };
    expect(accessOf(request('10.0.0.7', {}, { email: 'ops@example.org' }), { guard })).toEqual({
      kind: 'act',
      who: 'ops@example.org',
    });
  });
});

describe('objectionTo', () => {
  const page = { 'x-reliability-page': '1', 'content-type': 'application/json' };

  it('has none to the page itself', () => {
    expect(objectionTo(request('127.0.0.1', { ...page, 'sec-fetch-site': 'same-origin' }))).toBeUndefined();
  });

  it.each([
    ['a form of another site', { 'content-type': 'text/plain' }],
    ['a request without the header of the page', { 'content-type': 'application/json' }],
    ['a page of another origin', { ...page, origin: 'https://evil.example' }],
    ['a page of another site', { ...page, 'sec-fetch-site': 'cross-site' }],
    ['a body that is no JSON', { ...page, 'content-type': 'text/plain' }],
  ])('has one to %s', (_, headers) => {
    expect(objectionTo(request('127.0.0.1', headers))).toEqual(expect.any(String));
  });
});
