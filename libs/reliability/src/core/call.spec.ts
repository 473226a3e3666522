import { getEventListeners, getMaxListeners } from 'node:events';
import { testCall } from '../testing/index.js';
import type { EndpointRef } from './endpoint.js';

const endpoint = (id: string): EndpointRef => ({ id, target: undefined });
const left = new Error('caller left');
const late = new Error('attempt late');

function followed() {
  const controller = new AbortController();
  const call = testCall();
  call.follow(controller.signal);
  const listening = () => getEventListeners(controller.signal, 'abort').length;
  return { controller, call, listening };
}

describe('Call', () => {
  it('begins as a first attempt of normal priority, aborted by nobody', () => {
    expect(testCall()).toMatchObject({
      attempt: 1,
      priority: 'normal',
      deadline: Infinity,
      idempotent: undefined,
      abortable: false,
      aborted: false,
      attemptAborted: false,
      reason: undefined,
      endpoint: undefined,
      abandoned: undefined,
    });
  });

  describe('aborted', () => {
    it('tells signal and listeners once, with the first reason', () => {
      const call = testCall();
      const { signal } = call;
      const listener = jest.fn();
      call.onAbort(listener);
      call.abort(left);
      call.abort(new Error('again'));
      call.abortAttempt(late);
      expect(call).toMatchObject({ aborted: true, attemptAborted: true, reason: left });
      expect(signal.reason).toBe(left);
      expect(listener.mock.calls).toEqual([[left]]);
    });

    it('makes no AbortController for nobody', () => {
      const made = jest.spyOn(globalThis, 'AbortController');
      const call = testCall();
      call.abortAttempt(late);
      call.abort(left);
      call.beginAttempt();
      expect(made).not.toHaveBeenCalled();
      made.mockRestore();
    });

    it('gives one who asks later a signal that is aborted', () => {
      const call = testCall();
      call.abort(left);
      expect(call.signal.reason).toBe(left);
      expect(call.signal).toBe(call.signal);
    });

    it('tells nobody who unsubscribed, be it while others are told', () => {
      const call = testCall();
      const never = jest.fn();
      call.onAbort(never)();
      call.onAbort(() => leave());
      const leave = call.onAbort(never);
      call.abort(left);
      expect(never).not.toHaveBeenCalled();
    });

    it('tells each of several listeners', () => {
      const call = testCall();
      const listeners = [jest.fn(), jest.fn()];
      for (const listener of listeners) call.onAbort(listener);
      call.abort(left);
      for (const listener of listeners) expect(listener).toHaveBeenCalledWith(left);
    });
  });

  describe('with its attempt aborted', () => {
    it('is not aborted itself', () => {
      const call = testCall();
      const { signal } = call;
      const listener = jest.fn();
      call.onAbort(listener);
      call.abortAttempt(late);
      call.abortAttempt(new Error('again'));
      expect(call).toMatchObject({ aborted: false, attemptAborted: true, reason: late });
      expect(signal.reason).toBe(late);
      expect(listener.mock.calls).toEqual([[late]]);
    });

    it('gives one who asks later a signal that is aborted', () => {
      const call = testCall();
      call.abortAttempt(late);
      expect(call.signal.reason).toBe(late);
    });

    it('can be aborted as a whole all the same', () => {
      const call = testCall();
      const listener = jest.fn();
      call.onAbort(listener);
      call.abortAttempt(late);
      call.abort(left);
      expect(call).toMatchObject({ aborted: true, reason: left });
      expect(listener.mock.calls).toEqual([[late], [left]]);
    });

    it('begins the next with a signal of its own', () => {
      const call = testCall();
      const first = call.signal;
      call.abortAttempt(late);
      call.beginAttempt();
      expect(call).toMatchObject({ attempt: 2, aborted: false, attemptAborted: false, reason: undefined });
      expect(call.signal).not.toBe(first);
      expect(call.signal.aborted).toBe(false);
      call.abortAttempt(late);
      expect(call.signal.reason).toBe(late);
    });
  });

  describe('the next attempt', () => {
    it('leaves the endpoint and remembers it', () => {
      const call = testCall();
      call.beginAttempt();
      expect(call.tried).toBeUndefined();
      call.endpoint = endpoint('a');
      call.beginAttempt();
      call.endpoint = endpoint('b');
      call.beginAttempt();
      expect(call.endpoint).toBeUndefined();
      expect(call.tried).toEqual([endpoint('a'), endpoint('b')]);
    });

    it('of an aborted call is aborted', () => {
      const call = testCall();
      call.abort(left);
      call.beginAttempt();
      expect(call).toMatchObject({ aborted: true, reason: left });
      expect(call.signal.reason).toBe(left);
    });
  });

  describe("following its caller's signal", () => {
    it('may be aborted, and listens to nothing until somebody asks', () => {
      const { controller, call, listening } = followed();
      expect(call.abortable).toBe(true);
      expect(listening()).toBe(0);
      controller.abort(left);
      expect(call).toMatchObject({ aborted: true, reason: left });
    });

    it('listens once while signal or listeners are out, and passes the reason on', () => {
      const { controller, call, listening } = followed();
      const { signal } = call;
      const listener = jest.fn();
      call.onAbort(listener);
      expect(listening()).toBe(1);
      controller.abort(left);
      expect(signal.reason).toBe(left);
      expect(listener.mock.calls).toEqual([[left]]);
      expect(listening()).toBe(0);
    });

    it('stops listening when the last listener leaves', () => {
      const { call, listening } = followed();
      const leave = [call.onAbort(() => undefined), call.onAbort(() => undefined)];
      leave[0]!();
      expect(listening()).toBe(1);
      leave[1]!();
      expect(listening()).toBe(0);
    });

    it('goes on listening for a signal that is out', () => {
      const { call, listening } = followed();
      const { signal } = call;
      call.onAbort(() => undefined)();
      expect(listening()).toBe(1);
      expect(signal.aborted).toBe(false);
    });

    it('stops listening when it is finished, however many calls share the signal', () => {
      const { call, listening } = followed();
      expect(call.signal.aborted).toBe(false);
      call.finish();
      call.finish();
      expect(listening()).toBe(0);
    });

    it('may be one of many that do', () => {
      const { controller, call } = followed();
      call.onAbort(jest.fn());
      const another = testCall();
      another.follow(controller.signal);
      another.onAbort(jest.fn());
      expect(getMaxListeners(controller.signal)).toBe(Infinity);
    });

    it('takes any that can be listened to', () => {
      const call = testCall();
      const signal = new EventTarget() as AbortSignal;
      call.follow(signal);
      const listener = jest.fn();
      call.onAbort(listener);
      Object.assign(signal, { aborted: true, reason: left }).dispatchEvent(new Event('abort'));
      expect(listener).toHaveBeenCalledWith(left);
    });

    it('stops listening when it is aborted by others', () => {
      const { call, listening } = followed();
      call.onAbort(() => undefined);
      call.abort(left);
      expect(listening()).toBe(0);
    });

    it('goes on listening when only its attempt is aborted', () => {
      const { call, listening } = followed();
      call.onAbort(() => undefined);
      call.abortAttempt(late);
      expect(listening()).toBe(1);
    });

    it('gives one who asks for the signal after the caller left one that is aborted', () => {
      const { controller, call, listening } = followed();
      controller.abort(left);
      expect(call.signal.reason).toBe(left);
      expect(listening()).toBe(0);
    });
  });

  describe('forked', () => {
    it('shares what belongs to the call', () => {
      const call = testCall({ priority: 'high', deadline: 500, idempotent: true });
      call.now = 7;
      call.lastError = late;
      const fork = call.fork();
      expect(fork).toMatchObject({
        name: 'Test.call',
        args: call.args,
        attempt: 2,
        priority: 'high',
        deadline: 500,
        idempotent: true,
        abortable: true,
        now: 7,
        lastError: late,
        endpoint: undefined,
      });
      expect(call.fork(1).attempt).toBe(1);
    });

    it('shares the endpoints that were tried, the one in use included', () => {
      const call = testCall();
      call.endpoint = endpoint('a');
      const [one, other] = [call.fork(), call.fork()];
      expect(one.tried).toContainEqual(endpoint('a'));
      one.tried!.push(endpoint('b'));
      expect(other.tried).toBe(one.tried);
      expect(call.tried).toBe(one.tried);
    });

    it('shares what is attached, whoever attaches it', () => {
      const key = Symbol('key');
      const call = testCall();
      const fork = call.fork();
      expect(fork.attachment(key)).toBeUndefined();
      fork.fork().attach(key, 1);
      expect([call.attachment(key), fork.attachment(key)]).toEqual([1, 1]);
      call.attach(key, 2);
      expect(fork.attachment(key)).toBe(2);
    });

    it('ends with its call, asked or told', () => {
      const call = testCall();
      const [asked, told] = [call.fork(), call.fork()];
      const { signal } = told;
      const listener = jest.fn();
      told.onAbort(listener);
      call.abort(left);
      expect(asked).toMatchObject({ aborted: true, reason: left });
      expect(signal.reason).toBe(left);
      expect(listener.mock.calls).toEqual([[left]]);
    });

    it('ends with the attempt that it belongs to', () => {
      const call = testCall();
      const [asked, told] = [call.fork(), call.fork()];
      const listener = jest.fn();
      told.onAbort(listener);
      call.abortAttempt(late);
      expect(asked).toMatchObject({ aborted: true, reason: late });
      expect(listener.mock.calls).toEqual([[late]]);
      expect(call.aborted).toBe(false);
    });

    it('of a call that was aborted before is aborted', () => {
      const call = testCall();
      call.abort(left);
      const fork = call.fork();
      expect(fork).toMatchObject({ aborted: true, reason: left });
      expect(fork.signal.reason).toBe(left);
    });

    it('ends with the caller of its call, two forks deep', () => {
      const { controller, call, listening } = followed();
      const fork = call.fork().fork();
      expect(listening()).toBe(0);
      const { signal } = fork;
      expect(listening()).toBe(1);
      controller.abort(left);
      expect(signal.reason).toBe(left);
    });

    it('ends neither its call nor its siblings', () => {
      const call = testCall();
      const [one, other] = [call.fork(), call.fork()];
      one.abort(late);
      one.fork().abortAttempt(late);
      expect([call.aborted, call.attemptAborted, other.aborted]).toEqual([false, false, false]);
    });

    it('lets go of its call when finished', () => {
      const { call, listening } = followed();
      const fork = call.fork();
      fork.onAbort(() => undefined);
      expect(listening()).toBe(1);
      fork.finish();
      expect(listening()).toBe(0);
      call.abort(left);
      expect(fork.aborted).toBe(false);
    });
  });

  it('keeps the work that was left behind', () => {
    const call = testCall();
    const work = [Promise.resolve(1), Promise.resolve(2)];
    for (const each of work) call.abandon(each);
    expect(call.abandoned).toEqual(work);
  });

  it('has nothing attached at first', () => {
    expect(testCall().attachment(Symbol('key'))).toBeUndefined();
  });
});
