import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { type AdminRequest, peerOf } from '../admin/request-parts.js';
import { ActionRefusedError, type ActionResult, type RefusalKind } from '../manager/control.js';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { SkipRateLimit } from '../nest/route-limit.js';
import { type Access, accessOf, objectionTo } from './access.js';
import { type FrameworkAnswer, rawAnswer, SAFE_HEADERS, sendJson, sendText } from './answer.js';
import { Assets } from './assets.js';
import { Dashboard } from './dashboard.js';
import { DASHBOARD_OPTIONS } from './dashboard.constants.js';
import type { ResolvedDashboardOptions } from './dashboard.options.js';
import { settingsOf } from './settings.js';

const STATUS: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  'needs-restart': 409,
  unavailable: 503,
  forbidden: 403,
};

/** A name longer than this is none of ours. */
const LONGEST_NAME = 500;

type Request = AdminRequest & { readonly originalUrl?: string; readonly url?: string };

/** The page, its files, its stream and its actions. Mounted by `DashboardModule`, which gives it its path. */
@Controller()
@SkipRateLimit()
export class DashboardController {
  private readonly assets = new Assets();

  constructor(
    private readonly manager: ReliabilityManager,
    private readonly dashboard: Dashboard,
    @Inject(DASHBOARD_OPTIONS) private readonly options: ResolvedDashboardOptions,
    private readonly control: ReliabilityControl,
  ) {}

  @Get()
  async page(@Req() request: Request, @Res() answer: FrameworkAnswer): Promise<void> {
    const raw = rawAnswer(answer);
    const access = accessOf(request, this.options.auth);
    if (access.kind === 'refused') {
      sendText(raw, 403, access.why);
      return;
    }
    const page = await this.assets.get('index.html');
    if (page === undefined) {
      sendText(raw, 503, 'The page has not been built: run "npm run build".');
      return;
    }
    const html = page.content.toString().replace('__BASE__', baseOf(request));
    raw.writeHead(200, { ...SAFE_HEADERS, 'content-type': page.type, 'cache-control': 'no-cache' }).end(html);
  }

  @Get('assets/:file')
  async asset(@Param('file') file: string, @Req() request: Request, @Res() answer: FrameworkAnswer): Promise<void> {
    const raw = rawAnswer(answer);
    const access = accessOf(request, this.options.auth);
    const asset = access.kind === 'refused' ? undefined : await this.assets.get(file);
    if (asset === undefined) {
      sendText(raw, access.kind === 'refused' ? 403 : 404, access.kind === 'refused' ? access.why : 'Not found');
      return;
    }
    raw.writeHead(200, { ...SAFE_HEADERS, 'content-type': asset.type, 'cache-control': 'no-cache' }).end(asset.content);
  }

  @Get('live')
  live(@Req() request: Request, @Res() answer: FrameworkAnswer): void {
    const raw = rawAnswer(answer);
    const access = this.#entered(request, raw);
    if (access === undefined) return;
    if (!this.dashboard.stream(raw, rightsOf(access))) {
      sendJson(raw, 503, { ok: false, message: `${this.options.maxReaders} pages are open already.` });
    }
  }

  @Get('settings')
  settings(@Query('name') name: unknown, @Req() request: Request, @Res() answer: FrameworkAnswer): void {
    const raw = rawAnswer(answer);
    if (this.#entered(request, raw) === undefined) return;
    if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME) {
      sendJson(raw, 400, { ok: false, message: 'name: must be the name of a policy' });
      return;
    }
    sendJson(raw, 200, settingsOf(this.manager.registry, name, this.control.configuration().version));
  }

  @Post('actions')
  async act(@Body() action: unknown, @Req() request: Request, @Res() answer: FrameworkAnswer): Promise<void> {
    const raw = rawAnswer(answer);
    const access = this.#entered(request, raw);
    if (access === undefined) return;
    const actor = { who: access.kind === 'act' ? access.who : 'anybody', via: `dashboard ${peerOf(request)}` };
    const problem = objectionTo(request) ?? (access.kind === 'look' ? access.whyNot : undefined);
    if (problem !== undefined) {
      this.control.refused(action, actor, problem);
      sendJson(raw, 403, { ok: false, message: problem });
      return;
    }
    try {
      const done = await this.control.perform(action, actor);
      this.dashboard.refresh();
      sendJson(raw, 200, { ok: true, message: wordsFor(done), ...done });
    } catch (error) {
      const refused = error instanceof ActionRefusedError;
      const status = refused ? STATUS[error.kind] : 500;
      sendJson(raw, status, { ok: false, message: refused ? error.message : 'It failed; the log says why.' });
      if (!refused) throw error;
    }
  }

  /** Who asks; `undefined` when the answer has been given. */
  #entered(request: Request, raw: ServerResponse): Exclude<Access, { kind: 'sign-in' | 'refused' }> | undefined {
    const access = accessOf(request, this.options.auth);
    if (access.kind === 'act' || access.kind === 'look') return access;
    const message = access.kind === 'refused' ? access.why : 'The token is missing or wrong.';
    if (access.kind === 'sign-in') raw.setHeader('www-authenticate', 'Bearer');
    sendJson(raw, access.kind === 'refused' ? 403 : 401, { ok: false, message });
    return undefined;
  }
}

const rightsOf = (access: Access) =>
  access.kind === 'look' ? { mayAct: false, whyNot: access.whyNot } : { mayAct: true };

/** Relative, so that it holds behind a proxy that puts something before the path. */
function baseOf({ originalUrl, url }: Request): string {
  const path = (originalUrl ?? url ?? '').split('?')[0]!;
  const last = path.split('/').at(-1)!;
  return last === '' ? './' : `./${encodeURIComponent(decodeURIComponent(last))}/`;
}

function wordsFor({ kind, target, version, after }: ActionResult): string {
  if (kind === 'change' || kind === 'rollback') return `Done: ${target}, version ${version} is in force.`;
  return kind === 'force' && typeof after === 'string'
    ? `Done: ${target} is ${after.replaceAll('-', ' ')}.`
    : `Done: ${kind} ${target}.`;
}
