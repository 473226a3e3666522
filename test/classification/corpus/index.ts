import { names } from './dns.js';
import { grpc } from './grpc.js';
import { http2 } from './http2.js';
import { malformed, mistakes } from './malformed.js';
import { sockets } from './sockets.js';
import { statuses } from './statuses.js';
import { aborts, timeouts } from './timeouts.js';
import { secure } from './tls.js';
import { venues } from './venues.js';
import { wrapped } from './wrapped.js';

import type { Failure } from '../failure.js';

/** The failures that the rules were written with. */
export const CORPUS: readonly Failure[] = [
  ...sockets,
  ...timeouts,
  ...aborts,
  ...malformed,
  ...mistakes,
  ...statuses,
  ...wrapped,
  ...secure,
  ...http2,
  ...names,
  ...grpc,
  ...venues,
];
