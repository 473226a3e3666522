import { Controller, type Provider, type Type } from '@nestjs/common';
import { ADMIN_OPTIONS } from './admin.constants.js';
import { AdminController } from './admin.controller.js';
import { AdminExceptionFilter } from './admin.filter.js';
import { AdminGuard } from './admin.guard.js';
import { type AdminOptions, resolveAdminOptions } from './admin.options.js';
import { Unanswered } from './unanswered.js';

/**
 * What the module that has the control needs for the admin API.
 * @throws InvalidOptionsError naming every problem
 */
export function mountAdmin(options: AdminOptions): { readonly controllers: Type[]; readonly providers: Provider[] } {
  const resolved = resolveAdminOptions(options);
  // A class of its own for each mount: the path is metadata of the class.
  class MountedAdmin extends AdminController {}
  Controller(resolved.path)(MountedAdmin);
  return {
    controllers: [MountedAdmin],
    providers: [{ provide: ADMIN_OPTIONS, useValue: resolved }, AdminGuard, AdminExceptionFilter, Unanswered],
  };
}
