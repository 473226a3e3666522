import type { z } from 'zod';

/** What a schema says of an option, and of those below it. */
export interface Described {
  readonly description: string | undefined;
  below(key: string): Described | undefined;
}

/** Of a union the kind that has a description for the key is taken. */
export function describedBy(wrapped: z.ZodType): Described {
  const { schema, description } = opened(wrapped);
  return {
    description,
    below: (key) => {
      const property = propertyOf(schema, key);
      return property === undefined ? undefined : describedBy(property);
    },
  };
}

/** The parts of a schema's definition that are looked at. */
interface Definition {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly options?: readonly z.ZodType[];
}

const definitionOf = (schema: z.ZodType) => schema.def as unknown as Definition;

function opened(wrapped: z.ZodType): { readonly schema: z.ZodType; readonly description: string | undefined } {
  let schema = wrapped;
  let { description } = schema;
  for (;;) {
    const { innerType, in: input, type } = definitionOf(schema);
    const inner = innerType ?? (type === 'pipe' ? input : undefined);
    if (inner === undefined) return { schema, description };
    schema = inner;
    description ??= schema.description;
  }
}

function propertyOf(schema: z.ZodType, key: string): z.ZodType | undefined {
  const { shape, options } = definitionOf(schema);
  if (shape !== undefined) return Object.hasOwn(shape, key) ? shape[key] : undefined;
  return options?.map((option) => propertyOf(opened(option).schema, key)).find((found) => found !== undefined);
}
