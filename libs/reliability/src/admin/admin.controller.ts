import { Get, HttpCode, Inject, Param, Post, Query, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ActionRefusedError } from '../manager/control.js';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { SkipRateLimit } from '../nest/route-limit.js';
import { ADMIN_OPTIONS } from './admin.constants.js';
import { AdminExceptionFilter } from './admin.filter.js';
import { AdminGuard } from './admin.guard.js';
import type { ResolvedAdminOptions } from './admin.options.js';
import { noted } from './noted.js';
import { type AdminRequest, peerOf, whoIs } from './request-parts.js';

const MOST_ENTRIES = 1_000;

/** The routes, below a path that the mount gives them. */
@UseGuards(AdminGuard)
@UseFilters(AdminExceptionFilter)
@SkipRateLimit()
export class AdminController {
  constructor(
    @Inject(ReliabilityManager) private readonly manager: ReliabilityManager,
    @Inject(ReliabilityControl) private readonly control: ReliabilityControl,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  @Get('snapshot')
  snapshot(@Res() response: unknown): void {
    this.answer(response, this.manager.snapshot());
  }

  @Get('config')
  config(@Res() response: unknown): void {
    this.answer(response, { ...this.control.configuration(), write: this.options.write });
  }

  @Get('config/versions')
  async versions(@Res() response: unknown, @Query() query: unknown): Promise<void> {
    this.answer(response, { versions: await this.control.versions(pageOf(query)) });
  }

  @Get('config/versions/:version')
  async version(@Res() response: unknown, @Param('version') version: unknown): Promise<void> {
    const found = await this.control.version(countOf('version', version));
    if (found === undefined) throw new ActionRefusedError('not-found', 'there is no such version');
    this.answer(response, found);
  }

  @Get('audit')
  async audit(@Res() response: unknown, @Query() query: unknown): Promise<void> {
    this.answer(response, { entries: await this.control.audit(pageOf(query)) });
  }

  @Post('actions')
  @HttpCode(200)
  async perform(@Req() request: AdminRequest, @Res() response: unknown): Promise<void> {
    noted(request);
    const who = 'guard' in this.options.auth ? whoIs(request) : 'token';
    this.answer(response, await this.control.perform(request.body, { who, via: `admin ${peerOf(request)}` }));
  }

  /** Past interceptors that would put the answer into a form of their own. */
  private answer(response: unknown, body: object): void {
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'cache-control', 'no-store');
    httpAdapter.setHeader(response, 'x-content-type-options', 'nosniff');
    httpAdapter.reply(response, body, 200);
  }
}

/** @throws ActionRefusedError `invalid` */
function pageOf(query: unknown): { readonly limit?: number; readonly before?: number } {
  const given = Object.entries(Object(query) as object);
  const unknown = given.find(([key]) => key !== 'limit' && key !== 'before');
  if (unknown !== undefined) throw invalid(unknown[0], 'is not a parameter (limit, before)', unknown[1]);
  return Object.fromEntries(
    given.map(([key, value]) => [key, countOf(key, value, key === 'limit' ? MOST_ENTRIES : undefined)]),
  );
}

/** @throws ActionRefusedError `invalid` */
function countOf(name: string, given: unknown, most = Number.MAX_SAFE_INTEGER): number {
  const count = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 1 && count <= most) return count;
  throw invalid(name, `must be a whole number from 1 to ${most}`, given);
}

const invalid = (name: string, rule: string, value: unknown) =>
  new ActionRefusedError('invalid', `${name} ${rule}`, [{ path: name, rule, value }]);
