import { z } from 'zod';

/** A path of the application: `health`, `/internal/health`. */
export const mountPath = () =>
  z
    .string()
    .regex(/^\/?[\w~-][\w~.-]*(\/[\w~-][\w~.-]*)*$/, 'must be a path of letters, digits, ".", "-", "_", "~" and "/"');
