/** Injection tokens of what has no class. */
export const COLLECTOR_CONFIG = Symbol('COLLECTOR_CONFIG');
export const VENUE_SETTINGS = Symbol('VENUE_SETTINGS');
export const DATABASE = Symbol('DATABASE');
export const PIPELINE = Symbol('PIPELINE');
