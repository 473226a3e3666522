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
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return variantsOf(root).flatMap((variant) => undescribed(variant, ''));
}

function undescribed(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const here = option.const !== undefined || isDescription(option.description ?? '');
    const at = `${path}.${name}`;
    return [...(here ? [] : [at]), ...variantsOf(option).flatMap((variant) => undescribed(variant, at))];
  });
}

/** A sentence, a fragment that begins like one, or what holds for a choice: `reject: …`. */
const isDescription = (text: string) => /^([A-Z`…]|[\w -]+:).*\S$/.test(text) && text.split(' ').length > 2;

/** What an option may be: itself, or one of several kinds. */
function variantsOf(schema: JsonSchema): JsonSchema[] {
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(variantsOf)];
}
