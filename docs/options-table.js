// Tables of options from the schemas: what stands in docs/ between `<!-- options: retry -->` and `<!-- /options -->`.

const MARKED = /<!-- options: (\w+) -->\n[\s\S]*?<!-- \/options -->/g;

/** The page with every marked table made anew. `schemas`: by option key. */
export function withTables(page, schemas) {
  return page.replace(MARKED, (_, key) => {
    const schema = schemas[key];
    if (schema === undefined)
      throw new Error(`No options are called "${key}"; known: ${Object.keys(schemas).join(', ')}`);
    return `<!-- options: ${key} -->\n\n${tableOf(schema)}\n\n<!-- /options -->`;
  });
}

/** Tables of alerting: of the whole, of what all rules have, and of what each kind has of its own. */
export function alertSchemas({ alertsOptions, alertRule }) {
  const objectOf = (shape) => ({ def: { type: 'object', shape } });
  const shapes = alertRule.def.options.map((kind) => opened(kind).schema.def.shape);
  const [first, ...others] = shapes;
  const isCommon = (name) => name !== 'kind' && others.every((shape) => name in shape);
  const only = (shape, wanted) => objectOf(Object.fromEntries(Object.entries(shape).filter(([name]) => wanted(name))));
  return {
    alerts: only(alertsOptions.def.shape, (name) => name !== 'rules'),
    alertRule: only(first, isCommon),
    ...Object.fromEntries(
      shapes.map((shape) => [
        `${shape.kind.def.values[0].replace(/-(\w)/g, (_, letter) => letter.toUpperCase())}Alert`,
        only(shape, (name) => !isCommon(name)),
      ]),
    ),
  };
}

/** Tables of what is shared through Redis: of what a limiter can be told beyond `rateLimit`, of the store, of breakers. */
export function redisSchemas({ sharedRateLimiterOptions, sharedStoreOptions, fleetBreakerOptions }, rateLimit) {
  const { shape } = sharedRateLimiterOptions.def;
  const own = Object.entries(shape).filter(([name]) => !(name in rateLimit.def.shape));
  return {
    sharedRateLimit: { def: { type: 'object', shape: Object.fromEntries(own) } },
    sharedStore: sharedStoreOptions,
    fleetBreaker: fleetBreakerOptions,
  };
}

export function tableOf(schema) {
  const lines = rowsOf(opened(schema).schema, '', new Set()).map(
    ({ path, fallback, meaning }) => `| \`${path}\` | ${fallback} | ${meaning} |`,
  );
  return ['| option | default | meaning |', '| --- | --- | --- |', ...lines].join('\n');
}

/** `seen`: what is described already; the same again under another option is not repeated. */
function rowsOf(object, prefix, seen) {
  return Object.entries(object.def.shape ?? {}).flatMap(([name, property]) => {
    const option = opened(property);
    if (option.schema.def.type === 'literal' && ['kind', 'form'].includes(name)) return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const meaning = (option.description ?? '').replace(/\|/g, '\\|').replace(/\n/g, ' ');
    const inner = below(path, option.schema, seen);
    // What is not described by itself is said with what it belongs to.
    return meaning === '' && prefix !== '' ? inner : [{ path, fallback: shown(option.fallback), meaning }, ...inner];
  });
}

/** What an option holds: fields, entries of a list, one of several kinds. */
function below(path, schema, seen) {
  if (seen.has(schema)) return [];
  seen.add(schema);
  switch (schema.def.type) {
    case 'object':
      return rowsOf(schema, path, seen);
    case 'array':
      return below(`${path}[]`, opened(schema.def.element).schema, seen);
    case 'union':
      return schema.def.options.flatMap((kind) => {
        const { schema: inner } = opened(kind);
        const tag = inner.def.shape?.kind ?? inner.def.shape?.form;
        const name = tag === undefined ? undefined : opened(tag).schema.def.values?.[0];
        return below(name === undefined ? path : `${path} (${name})`, inner, seen);
      });
    default:
      return [];
  }
}

/** A schema without what is wrapped around it, with the outermost description and default. */
function opened(wrapped) {
  let schema = wrapped;
  let description = schema.description;
  let fallback;
  for (;;) {
    const { type, innerType, defaultValue } = schema.def;
    if (type === 'default' && fallback === undefined) fallback = defaultValue;
    const inner = innerType ?? (type === 'pipe' ? schema.def.in : undefined);
    if (inner === undefined) return { schema, description, fallback };
    schema = inner;
    description ??= schema.description;
  }
}

function shown(fallback) {
  const simple = ['string', 'number', 'boolean'].includes(typeof fallback);
  return simple ? `\`${typeof fallback === 'string' ? fallback : fallback.toLocaleString('en')}\`` : '–';
}
