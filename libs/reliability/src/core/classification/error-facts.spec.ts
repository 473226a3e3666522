import { ErrorFacts } from './error-facts.js';

it('what has neither name nor words has empty ones, and no code', () => {
  for (const thrown of [undefined, null, 7, {}, { name: 7, message: ['no'], code: {} }]) {
    const { name, message, code } = new ErrorFacts(thrown);
    expect({ name, message, code }).toEqual({ name: '', message: '', code: undefined });
  }
});
