import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ActionRefusedError, type RefusalKind } from '../manager/control.js';
import { shownError, shownJsonAt } from '../manager/json.js';

const STATUS: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'needs-restart': 422,
  unavailable: 503,
};

/** Answers what went wrong, without secrets. */
@Catch()
export class AdminExceptionFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.adapterHost;
    const [status, body] = answerOf(error);
    httpAdapter.setHeader(response, 'cache-control', 'no-store');
    if (status === 401) httpAdapter.setHeader(response, 'www-authenticate', 'Bearer');
    httpAdapter.reply(response, body, status);
  }
}

function answerOf(error: unknown): [number, object] {
  if (error instanceof ActionRefusedError) {
    const problems = error.problems.map(({ path, rule, value }) => ({
      path,
      rule,
      value: shownJsonAt(path.split('.'), value),
    }));
    return [STATUS[error.kind], { error: error.kind, message: shownError(error), problems }];
  }
  if (error instanceof HttpException) {
    return [error.getStatus(), { error: error.name, message: shownError(error), problems: [] }];
  }
  return [500, { error: 'failed', message: 'it has failed; the audit trail says why', problems: [] }];
}
