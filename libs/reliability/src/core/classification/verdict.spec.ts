import { verdict } from './verdict.js';

describe('verdict', () => {
  it('says how well it is founded unless by evidence', () => {
    expect(verdict('timeout')).toStrictEqual({ errorClass: 'timeout' });
    expect(verdict('timeout', 'evidence')).toStrictEqual({ errorClass: 'timeout' });
    expect(verdict('auth', 'name')).toStrictEqual({ errorClass: 'auth', grounds: 'name' });
    expect(verdict('unknown', 'words')).toStrictEqual({ errorClass: 'unknown', grounds: 'words' });
  });

  it('is made once, and does not let itself be changed', () => {
    expect(verdict('data', 'name')).toBe(verdict('data', 'name'));
    expect(Object.isFrozen(verdict('data', 'name'))).toBe(true);
  });
});
