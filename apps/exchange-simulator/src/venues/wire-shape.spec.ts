import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLosslessNumber, parse } from 'lossless-json';
import { baseCoins } from '../series/bases.js';
import { FundingSeries } from '../series/funding-series.js';
import { VENUES } from './registry.js';
import type { VenueId, WireAnswer } from './venue.js';

/** Recorded and documented answers of the real venues; they live beside the repository and are not part of it. */
const FOLDER = join(import.meta.dirname, '../../../../../shared/fixtures/exchanges');
const present = existsSync(FOLDER);
const NOW = 1_795_230_383_045;

interface RecordedCase {
  readonly name: string;
  readonly request: { readonly method: string; readonly path: string; readonly query: string; readonly body?: string };
  readonly bodyText: string;
}

function recorded(file: string, name: string): RecordedCase {
  const { cases } = JSON.parse(readFileSync(join(FOLDER, `${file}.json`), 'utf8')) as { cases: RecordedCase[] };
  const found = cases.find((candidate) => candidate.name.startsWith(name));
  if (found === undefined) throw new Error(`no case "${name}" in ${file}`);
  return found;
}

function simulated(id: VenueId, { method, path, query, body }: RecordedCase['request']): WireAnswer {
  const venue = VENUES[id];
  const series = new FundingSeries({ seed: 1, settlementMs: 5_000 });
  const request = { method, path, query: new URLSearchParams(query), body: body ?? '', now: NOW };
  const route = venue.routes.find((candidate) => candidate.method === method && candidate.path.test(path));
  if (route === undefined) throw new Error(`${id} does not serve ${path}`);
  return route.answer(request, { instruments: venue.list(baseCoins(120), series), series });
}

type Shapes = Map<string, { kinds: Set<string>; optional: boolean }>;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (isLosslessNumber(value)) return 'number';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'string') return typeof value;
  if (value === '') return 'empty string';
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? 'numeric string' : 'text';
}

/** Every path of a document with the kinds of value it has; list positions are one path. */
function shapesOf(value: unknown, path: string, shapes: Shapes): Shapes {
  const shape = shapes.get(path) ?? { kinds: new Set<string>(), optional: false };
  shape.kinds.add(kindOf(value));
  shapes.set(path, shape);
  if (Array.isArray(value)) {
    // A pair of unlike things is a tuple; a list repeats one thing.
    const tuple = value.length === 2 && kindOf(value[0]) !== kindOf(value[1]);
    value.forEach((item, index) => shapesOf(item, tuple ? `${path}[${index}]` : `${path}[]`, shapes));
  } else if (kindOf(value) === 'object') {
    for (const [key, item] of Object.entries(value as object)) shapesOf(item, `${path}.${key}`, shapes);
  }
  return shapes;
}

const shapesIn = (text: string): Shapes => shapesOf(parse(text), '$', new Map());

interface Comparison {
  readonly venue: VenueId;
  readonly file?: string;
  readonly name: string;
  /** Fields that the documentation has gained since the recording. */
  readonly added: readonly string[];
  /** Fields of single rows of the recording that are not sent here. */
  readonly dropped?: readonly string[];
  /** Kinds of value that the recording has no row for. */
  readonly also?: readonly string[];
  /** How a rate is written: true of the recorded ones and of the simulated ones. */
  readonly rate?: { readonly field: string; readonly style: RegExp };
}

const COMPARISONS: readonly Comparison[] = [
  {
    venue: 'okx',
    name: 'GetFundingRates',
    added: ['formulaType', 'impactValue', 'interestRate', 'nextFundingRate'].map((key) => `$.data[].${key}`),
    rate: { field: 'fundingRate', style: /^-?0\.\d{16}$/ },
  },
  { venue: 'okx', file: 'okx.markets', name: 'SWAP', added: ['$.data[].instFamily', '$.data[].ruleType'] },
  {
    venue: 'binanceusdm',
    name: 'premiumIndex, all',
    added: ['$[].estimatedSettlePrice'],
    also: ['$[].interestRate: empty string', '$[].lastFundingRate: empty string'],
    rate: { field: 'lastFundingRate', style: /^-?0\.\d{8}$/ },
  },
  {
    venue: 'binanceusdm',
    name: 'premiumIndex, one',
    added: [],
    rate: { field: 'lastFundingRate', style: /^-?0\.\d{8}$/ },
  },
  { venue: 'binanceusdm', name: 'fundingInfo', added: [] },
  { venue: 'binanceusdm', file: 'binanceusdm.markets', name: 'exchangeInfo', added: [] },
  {
    venue: 'bybit',
    name: 'GetLinearInverseTickers',
    added: ['$.result.list[].fundingCap', '$.result.list[].fundingIntervalHour'],
    rate: { field: 'fundingRate', style: /^-?0(\.\d{0,7}[1-9])?$/ },
  },
  {
    venue: 'hyperliquid',
    name: 'GetExchangeInfoAndTickers',
    added: ['$[0].universe[].isDelisted'],
    dropped: ['$[0].universe[].onlyIsolated'],
    also: ['$[1][].impactPxs: null', '$[1][].midPx: null', '$[1][].premium: null'],
    rate: { field: 'funding', style: /^-?0\.(\d{0,9}[1-9]|0)$/ },
  },
  {
    venue: 'bitget',
    name: 'GetTickers',
    added: ['$.data[].markPrice'],
    rate: { field: 'fundingRate', style: /^-?0(\.\d{0,5}[1-9])?$/ },
  },
  {
    venue: 'bitget',
    name: 'GetFundingRate',
    added: ['fundingRateInterval', 'nextUpdate', 'minFundingRate', 'maxFundingRate'].map((key) => `$.data[].${key}`),
    rate: { field: 'fundingRate', style: /^-?0(\.\d{0,5}[1-9])?$/ },
  },
  {
    venue: 'gate',
    name: '12 USDT contracts',
    added: ['$[].funding_rate_limit', '$[].status'],
    rate: { field: 'funding_rate', style: /^-?0(\.\d{0,5}[1-9])?$/ },
  },
  { venue: 'gate', name: 'GetTickers', added: [], rate: { field: 'funding_rate', style: /^-?0(\.\d{0,5}[1-9])?$/ } },
];

const ratesIn = (text: string, field: string): readonly string[] =>
  [...text.matchAll(new RegExp(`"${field}"\\s*:\\s*"([^"]+)"`, 'g'))].map(([, rate]) => rate ?? '');

const describeRecorded = present ? describe : describe.skip;

describeRecorded(
  `wire formats against recorded answers${present ? '' : ' (skipped: ../shared/fixtures is absent)'}`,
  () => {
    it.each(COMPARISONS)('$venue: $name', ({ venue, file, name, added, dropped = [], also = [], rate }) => {
      const { request, bodyText } = recorded(file ?? venue, name);
      const answer = simulated(venue, request);
      expect(answer.status).toBe(200);
      const theirs = shapesIn(bodyText);
      const ours = shapesIn(answer.body);

      expect([...theirs.keys()].filter((path) => !ours.has(path)).sort()).toEqual([...dropped].sort());
      expect([...ours.keys()].filter((path) => !theirs.has(path)).sort()).toEqual([...added].sort());
      const unlike = [...theirs].flatMap(([path, { kinds }]) => {
        const own = [...(ours.get(path)?.kinds ?? [])];
        return own.filter((kind) => !kinds.has(kind)).map((kind) => `${path}: ${kind}`);
      });
      expect(unlike.sort()).toEqual([...also].sort());

      if (rate !== undefined) {
        for (const text of [bodyText, answer.body]) {
          const rates = ratesIn(text, rate.field);
          expect(rates.length).toBeGreaterThan(0);
          expect(rates.filter((written) => !rate.style.test(written))).toEqual([]);
        }
      }
    });

    it('bitget v3 current-fund-rate', () => {
      const { cases } = JSON.parse(readFileSync(join(FOLDER, 'bitget.json'), 'utf8')) as { cases: RecordedCase[] };
      const v3 = cases.find(({ request }) => request.path.startsWith('/api/v3/'));
      const answer = simulated('bitget', v3?.request ?? { method: 'GET', path: '', query: '' });
      expect([...shapesIn(answer.body)]).toEqual([...shapesIn(v3?.bodyText ?? '')]);
    });
  },
);
