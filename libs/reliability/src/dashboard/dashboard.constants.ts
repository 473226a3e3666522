export const DASHBOARD_OPTIONS = Symbol.for('ReliabilityModule dashboard options');
