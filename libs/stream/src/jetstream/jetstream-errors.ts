import { StreamError } from '../errors.js';

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The server's own number for a refused request. */
const codeOf = (error: unknown): number | undefined => {
  const { code, apiError } = (error ?? {}) as { code?: unknown; apiError?: () => { err_code?: number } };
  const api = typeof apiError === 'function' ? apiError.call(error)?.err_code : undefined;
  return api ?? (typeof code === 'number' ? code : undefined);
};

const FULL = new Set([10077, 10047, 10023]); // stream limits: messages or bytes, insufficient storage, resources
const TOO_LARGE = new Set([10054]);

/** Turns what the client throws on publishing into what it means for the message. */
export function publishError(error: unknown, subject: string): StreamError {
  const text = textOf(error);
  const code = codeOf(error);
  if (nameOf(error) === 'JetStreamNotEnabled' || /no responders/i.test(text))
    return new StreamError('UNAVAILABLE', `no stream takes ${subject} at the moment, or the server has no JetStream`, {
      cause: error,
    });
  if (code !== undefined && FULL.has(code))
    return new StreamError('FULL', `the stream for ${subject} is full: ${text}`, { cause: error });
  if ((code !== undefined && TOO_LARGE.has(code)) || /maximum payload|max_payload/i.test(text))
    return new StreamError('TOO_LARGE', `a message for ${subject} is too large: ${text}`, { cause: error });
  if (/timeout/i.test(nameOf(error)) || /timeout/i.test(text))
    return new StreamError('UNKNOWN_OUTCOME', `publishing to ${subject}: no answer in time`, {
      cause: error,
      outcomeUnknown: true,
    });
  return new StreamError('UNAVAILABLE', `publishing to ${subject}: ${text}`, { cause: error, outcomeUnknown: true });
}

/** Whether a stream, a consumer or a message is not there. */
export const isNotFound = (error: unknown): boolean =>
  [10014, 10037, 10059].includes(codeOf(error) ?? 0) || /not found/i.test(textOf(error));
