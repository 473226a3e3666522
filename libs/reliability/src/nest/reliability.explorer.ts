import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { protectedMethodsOf } from './protect-method.js';
import type { ProtectedMethod } from './protected-method.js';
import { ReliabilityRuntime } from './reliability-runtime.js';
import { type HasSlot, SLOT } from './slot.js';
import { Steering } from './steering.providers.js';

/**
 * Fills the slot of instances that injection does not reach (made by factories, given as values), and checks what the
 * decorators of every class say, before anything is called.
 */
@Injectable()
export class ReliabilityExplorer implements OnModuleInit {
  private readonly logger = new Logger('Reliability');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly runtime: ReliabilityRuntime,
    private readonly steering: Steering,
  ) {}

  async onModuleInit(): Promise<void> {
    // What decorators name may be configured in a file alone.
    await this.steering.start();
    const methods = new Set<ProtectedMethod>();
    for (const { instance, metatype } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (isObject(instance)) this.fill(instance);
      const prototype: unknown = isObject(instance) ? Object.getPrototypeOf(instance) : metatype?.prototype;
      if (isObject(prototype)) for (const method of protectedMethodsOf(prototype)) methods.add(method);
    }
    for (const method of methods) for (const trap of this.runtime.validate(method)) this.logger.warn(trap);
  }

  private fill(instance: object): void {
    try {
      if (SLOT in instance && (instance as HasSlot)[SLOT] === undefined) this.runtime.attach(instance);
    } catch {
      // A proxy that refuses to be looked at is not an instance of a protected class.
    }
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
