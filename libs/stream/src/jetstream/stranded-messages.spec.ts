import { StrandedMessages } from './stranded-messages.js';

describe('StrandedMessages', () => {
  let floor: number;
  let oldest: number | undefined;
  let looks: number;
  let stranded: StrandedMessages;

  beforeEach(() => {
    looks = 0;
    stranded = new StrandedMessages({
      ackFloor: async () => {
        looks += 1;
        return floor;
      },
      oldest: async () => oldest,
    });
  });

  it('finds a message that is done and still there at the next look', async () => {
    floor = 20;
    oldest = 20;
    expect(await stranded.found(0)).toBe(false);
    expect(await stranded.found(3_000)).toBe(true);
  });

  it('does not take a message for stranded that is on its way out', async () => {
    floor = 20;
    oldest = 20;
    expect(await stranded.found(0)).toBe(false);
    floor = 30;
    oldest = 21;
    expect(await stranded.found(3_000)).toBe(false);
    oldest = undefined;
    expect(await stranded.found(6_000)).toBe(false);
  });

  it('does not take a message for stranded that is still to be done', async () => {
    floor = 20;
    oldest = 21;
    expect(await stranded.found(0)).toBe(false);
    expect(await stranded.found(3_000)).toBe(false);
  });

  it('asks every three seconds at most', async () => {
    floor = 20;
    oldest = 20;
    for (const now of [0, 1, 2_999]) expect(await stranded.found(now)).toBe(false);
    expect(looks).toBe(1);
    expect(await stranded.found(3_000)).toBe(true);
    expect(looks).toBe(2);
  });

  it('looks again after a look that failed', async () => {
    let refused = true;
    const shy = new StrandedMessages({
      ackFloor: () => (refused ? Promise.reject(new Error('no answer')) : Promise.resolve(20)),
      oldest: async () => 7,
    });
    await expect(shy.found(0)).rejects.toThrow('no answer');
    refused = false;
    expect(await shy.found(3_000)).toBe(false);
    expect(await shy.found(6_000)).toBe(true);
  });
});
