const told = new WeakMap<object, Readonly<Record<string, string>>>();

/** Marks a refusal as one of the caller's own quota, and keeps what it is to be told of it. */
export function ofCallersQuota<E extends object>(error: E, headers: Readonly<Record<string, string>>): E {
  told.set(error, headers);
  return error;
}

/** The headers for a refusal of the caller's own quota; `undefined` for any other error. */
export function callersQuotaOf(error: object): Readonly<Record<string, string>> | undefined {
  return told.get(error);
}
