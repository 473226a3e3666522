import { z } from 'zod';

interface JsonSchema {
  readonly description?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Paths of the options that a schema does not describe in at least three words; fixed discriminators need none. */
export function undescribedOptions(schema: z.ZodType): string[] {
  return undescribed(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, '');
}

function undescribed(schema: JsonSchema, path: string): string[] {
  const here = path === '' || schema.const !== undefined || (schema.description ?? '').split(' ').length > 2;
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...(here ? [] : [path]),
    ...variants.flatMap((variant, index) =>
      variant.properties === undefined ? [] : undescribed(variant, `${path}|${index}`),
    ),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, option]) => undescribed(option, `${path}.${name}`)),
  ];
}
