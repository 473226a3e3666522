import { ADMISSION_FAMILIES } from './admission-families.js';
import { AROUND_FAMILIES } from './around-families.js';
import { BALANCER_FAMILIES } from './balancer-families.js';
import { MANAGER_FAMILIES } from './manager-families.js';
import type { ReliabilityFamily } from './policy-family.js';
import { SHARED_FAMILIES } from './shared-families.js';

/** Every family of metrics that the library has. */
export const RELIABILITY_FAMILIES: readonly ReliabilityFamily[] = [
  ...MANAGER_FAMILIES,
  ...SHARED_FAMILIES,
  ...ADMISSION_FAMILIES,
  ...BALANCER_FAMILIES,
  ...AROUND_FAMILIES,
];
