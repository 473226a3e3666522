/** Base coins with a rough price in US dollars, most liquid first. */
const WELL_KNOWN: readonly (readonly [string, number])[] = [
  ['BTC', 61_000],
  ['ETH', 2_900],
  ['SOL', 145],
  ['XRP', 0.61],
  ['BNB', 560],
  ['DOGE', 0.121],
  ['ADA', 0.43],
  ['TRX', 0.134],
  ['AVAX', 27.5],
  ['LINK', 13.2],
  ['DOT', 6.1],
  ['LTC', 71],
  ['BCH', 365],
  ['ETC', 22.4],
  ['XLM', 0.101],
  ['ATOM', 6.8],
  ['NEAR', 5.1],
  ['APT', 7.4],
  ['ARB', 0.72],
  ['OP', 1.63],
  ['SUI', 1.12],
  ['FIL', 4.3],
  ['INJ', 21.5],
  ['AAVE', 98],
  ['UNI', 7.2],
];

const OTHERS =
  `ALGO ANKR APE API3 AR ASTR AXS BAL BAND BAT BICO BLUR BNT CAKE CELO CELR CFX CHR CHZ COMP CRV CTSI CVX DASH DENT
  DYDX EGLD ENJ ENS EOS FET FLOW FLUX FXS GALA GLM GMT GMX GRT HBAR HIGH HOT ICP ICX ID IMX IOST IOTA IOTX JASMY JOE
  JTO JUP KAVA KDA KNC KSM LDO LPT LQTY LRC MAGIC MANA MASK MAV MINA NEO NMR OGN ONT ORDI PENDLE PEOPLE PERP PYTH QNT
  QTUM RDNT RLC RNDR ROSE RSR RUNE RVN SAND SEI SFP SKL SNX SPELL SSV STG STORJ STX SUSHI SXP TIA TRB TWT UMA VET
  WAVES WLD WOO XEM XMR XTZ YFI YGG ZEC ZEN ZIL ZRX 1INCH`.split(/\s+/);

/** The first `count` base coins; past the known names `SIM1`, `SIM2`, … follow. */
export function baseCoins(count: number): readonly string[] {
  const names = [...WELL_KNOWN.map(([name]) => name), ...OTHERS];
  while (names.length < count) names.push(`SIM${names.length + 1}`);
  return names.slice(0, count);
}

/** A price to start from: the listed one, else one between 0.01 and 100 drawn from `uniform` in [0, 1). */
export function startingPrice(base: string, uniform: number): number {
  const known = WELL_KNOWN.find(([name]) => name === coinOf(base));
  return known === undefined ? 10 ** (uniform * 4 - 2) : known[1];
}

/** Some venues write bitcoin `XBT`; its price is that of `BTC`. */
export function coinOf(base: string): string {
  return base === 'XBT' ? 'BTC' : base;
}
