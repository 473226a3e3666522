/** Token of the resolved options of the admin API. */
export const ADMIN_OPTIONS = Symbol('Reliability admin options');
