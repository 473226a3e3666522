import { type DynamicModule, Module } from '@nestjs/common';
import type { PolicyOptions } from '../chain/policy-options.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { providersOfAsked, providersOfConfigured } from './policy-handles.js';

/** Named policies of one module, added to those of the application when it starts. */
@Module({})
export class ReliabilityFeatureModule {
  static of(
    policies: Readonly<Record<string, PolicyOptions>>,
    imports: NonNullable<DynamicModule['imports']>,
  ): DynamicModule {
    const added = Symbol(`policies ${Object.keys(policies).join(', ')}`);
    const configured = providersOfConfigured(policies).map((provider) => ({
      ...(provider as { provide: string; useFactory: (registry: PolicyRegistry) => object }),
      // After the policies have been added.
      inject: [PolicyRegistry, added],
    }));
    const handles = [...configured, ...providersOfAsked(configured)];
    return {
      module: ReliabilityFeatureModule,
      imports,
      providers: [
        {
          provide: added,
          inject: [PolicyRegistry],
          useFactory: (registry: PolicyRegistry) => {
            registry.add(policies);
            return policies;
          },
        },
        ...handles,
      ],
      exports: handles.map((handle) => (handle as { provide: string }).provide),
    };
  }
}
