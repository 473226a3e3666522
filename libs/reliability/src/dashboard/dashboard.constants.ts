export const DASHBOARD_OPTIONS = Symbol.for('ReliabilityModule dashboard options');
/** What carries out actions: a `Control`. Without one the page only shows. */
export const DASHBOARD_CONTROL = Symbol.for('ReliabilityModule dashboard control');
/** A function that gives the alerts to show. */
export const DASHBOARD_ALERTS = Symbol.for('ReliabilityModule dashboard alerts');
