import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  type OnModuleInit,
  PayloadTooLargeException,
  type Type,
  UnauthorizedException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ADMIN_OPTIONS } from './admin.constants.js';
import { checkToken, type ResolvedAdminOptions } from './admin.options.js';
import { noted } from './noted.js';
import {
  type AdminRequest,
  asksForLoopback,
  isCrossOrigin,
  isJson,
  isLoopback,
  peerOf,
  rawOf,
  whoIs,
} from './request-parts.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Lets in who may: from this machine, with the token or past the user's guard, not from another page. */
@Injectable()
export class AdminGuard implements CanActivate, OnModuleInit {
  private token: Buffer | undefined;
  private guard: CanActivate | undefined;

  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
    @Inject(ReliabilityControl) private readonly control: ReliabilityControl,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /** @throws InvalidOptionsError when a function gives a token that is too short */
  async onModuleInit(): Promise<void> {
    const { auth } = this.options;
    if ('guard' in auth) this.guard = typeof auth.guard === 'function' ? await this.guardOf(auth.guard) : auth.guard;
    else this.token = digest(checkToken(typeof auth.token === 'function' ? await auth.token() : auth.token));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    let who = 'unknown';
    try {
      this.checkOrigin(request);
      who = await this.authenticate(context, request);
      this.checkBody(request);
    } catch (error) {
      const refusal = error instanceof HttpException ? error : new ForbiddenException('the guard has failed');
      noted(request);
      this.control.refused(request.body, { who, via: `admin ${peerOf(request)}` }, refusal.message);
      throw refusal;
    }
    return true;
  }

  private checkOrigin(request: AdminRequest): void {
    const { allowRemote } = this.options;
    if (!allowRemote && !isLoopback(peerOf(request))) throw new ForbiddenException('only this machine is answered');
    if (!allowRemote && !asksForLoopback(request))
      throw new ForbiddenException('only requests to localhost are answered');
    if (isCrossOrigin(request)) throw new ForbiddenException('pages of other origins are not answered');
  }

  private async authenticate(context: ExecutionContext, request: AdminRequest): Promise<string> {
    if (this.guard !== undefined) {
      const answer = this.guard.canActivate(context);
      const allowed = isObservable(answer) ? await lastValueFrom(answer) : await answer;
      if (!allowed) throw new ForbiddenException('the guard refuses');
      return whoIs(context.switchToHttp().getRequest<AdminRequest>());
    }
    const given = /^Bearer (\S{1,1024})$/.exec(request.headers.authorization ?? '')?.[1];
    const matches = this.token !== undefined && given !== undefined && timingSafeEqual(digest(given), this.token);
    if (!matches) throw new UnauthorizedException('a token is needed: Authorization: Bearer …');
    return 'token';
  }

  private checkBody(request: AdminRequest): void {
    if (rawOf(request).method === 'GET') return;
    const { write, maxBodyBytes } = this.options;
    if (!write) throw new ForbiddenException('this API only shows; `write: true` lets it change things');
    if (!isJson(request)) throw new UnsupportedMediaTypeException('the body must be application/json');
    if (Number(request.headers['content-length'] ?? lengthOf(request.body)) > maxBodyBytes) {
      throw new PayloadTooLargeException(`the body must be at most ${maxBodyBytes} bytes`);
    }
  }

  private async guardOf(guard: Type<CanActivate>): Promise<CanActivate> {
    try {
      return this.modules.get<CanActivate>(guard, { strict: false });
    } catch {
      return this.modules.create(guard);
    }
  }
}

function lengthOf(body: unknown): number {
  try {
    return body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body) ?? '');
  } catch {
    return 0; // nested too deep to be written down: refused for that
  }
}
