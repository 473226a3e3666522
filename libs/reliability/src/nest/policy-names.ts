/**
 * Names of configured policies. Augment it to have names checked by the compiler:
 * `declare module '@marketprism/reliability' { interface PolicyNames { okx: true } }`.
 */
export interface PolicyNames {}

export type PolicyName = keyof PolicyNames extends never ? string : Extract<keyof PolicyNames, string>;
