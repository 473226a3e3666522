/** Token of the runtime, the same for every copy of the library in a process. */
export const RELIABILITY_RUNTIME = Symbol.for('ReliabilityModule runtime');

/** Token of time, chance and events, as every policy of the application has them. */
export const RELIABILITY_CAPABILITIES = Symbol.for('ReliabilityModule capabilities');
