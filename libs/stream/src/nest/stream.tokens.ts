import { Inject } from '@nestjs/common';

/** The open {@link Stream}. */
export const STREAM = Symbol.for('marketprism.stream.stream');

/** Injects the open stream, to publish to or to look at its dead letters. */
export const InjectStream = (): ReturnType<typeof Inject> => Inject(STREAM);
