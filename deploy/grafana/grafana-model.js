// Parts of Grafana's dashboard model (schema version 39), with the defaults that all dashboards here share.

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 24;

/** The unit that a metric's name tells of, as Grafana calls it. */
export function unitOf(name, kind) {
  if (name.endsWith('_timestamp_seconds')) return 'dateTimeAsIso';
  if (name.endsWith('_seconds')) return 's';
  if (name.endsWith('_seconds_total')) return 's';
  if (name.endsWith('_bytes')) return 'bytes';
  if (name.endsWith('_bytes_total')) return 'Bps';
  if (name.endsWith('_ratio')) return 'percentunit';
  return kind === 'counter' ? 'ops' : 'short';
}

/** One panel; `queries`: [expression, legend] pairs. */
export function panel(title, queries, { type = 'timeseries', unit = 'short', width = 8, height = 7, ...rest } = {}) {
  const { description, thresholds, max, min } = rest;
  return {
    type,
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    targets: queries.map(([expr, legendFormat = '__auto'], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(thresholds !== undefined && {
          color: { mode: 'thresholds' },
          thresholds: { mode: 'absolute', steps: thresholds.map(([value, color]) => ({ value, color })) },
        }),
      },
      overrides: [],
    },
    options: optionsOf(type),
    gridPos: { w: width, h: height },
  };
}

function optionsOf(type) {
  if (type === 'timeseries') {
    return {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    };
  }
  return { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, textMode: 'auto' };
}

export const row = (title) => ({ type: 'row', title, collapsed: false, panels: [], gridPos: { w: WIDTH, h: 1 } });

/** A variable that lists the values of a label. */
export const labelVariable = (name, metric, label = name) => ({
  name,
  label: name,
  type: 'query',
  datasource: DATASOURCE,
  definition: `label_values(${metric}, ${label})`,
  query: { query: `label_values(${metric}, ${label})`, refId: 'variable' },
  includeAll: true,
  allValue: '.*',
  multi: true,
  current: { selected: true, text: 'All', value: '$__all' },
  refresh: 2,
  sort: 1,
});

/** A variable that is one of a few values. */
export const choiceVariable = (name, label, values, chosen) => ({
  name,
  label,
  type: 'custom',
  query: values.join(','),
  options: values.map((value) => ({ text: value, value, selected: value === chosen })),
  current: { text: chosen, value: chosen },
  includeAll: false,
  multi: false,
});

const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'data source',
  type: 'datasource',
  query: 'prometheus',
  current: {},
  hide: 0,
  refresh: 1,
};

export function dashboard(uid, title, description, variables, panels) {
  return {
    uid,
    title,
    description,
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    tags: ['marketprism'],
    links: [
      {
        type: 'dashboards',
        title: 'MarketPrism',
        tags: ['marketprism'],
        asDropdown: true,
        keepTime: true,
        icon: 'external link',
      },
    ],
    annotations: { list: [] },
    templating: { list: [DATASOURCE_VARIABLE, ...variables] },
    panels: laidOut(panels),
  };
}

/** Puts panels side by side as long as they fit, and numbers them. */
function laidOut(panels) {
  let [x, y, lineHeight] = [0, 0, 0];
  return panels.map((one, index) => {
    const { w, h } = one.gridPos;
    if (x + w > WIDTH) {
      x = 0;
      y += lineHeight;
      lineHeight = 0;
    }
    const placed = { id: index + 1, ...one, gridPos: { x, y, w, h } };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return placed;
  });
}
