import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { timeOfDay } from './format.js';
import { wallOf } from './store.js';
import { theme } from './theme.js';

const HEIGHT = 170;
/** Distances of times on the axis, in ms: whole seconds, so that none is named twice. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600].map((seconds) => seconds * 1_000);
const LINES = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6', '--line-7', '--line-8'];

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly names: readonly string[];
  /** Times, then the values of each name. */
  readonly data: readonly (readonly (number | null)[])[];
}

/** Lines over time. What they show is said in words and figures elsewhere on the page. */
export function Chart({ title, unit, names, data }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  const chosen = theme.value;
  const lines = names.join('\n');
  useEffect(() => {
    const host = place.current!;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(unit, lines.split('\n'), host.clientWidth), latest.current as never, host);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: host.clientWidth, height: HEIGHT }));
    resized.observe(host);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [unit, lines, chosen]);
  useEffect(() => plot.current?.setData(data as never));
  return (
    <figure class="chart">
      <h3>{title}</h3>
      <div ref={place} class="plot" role="img" aria-label={`${title}: ${names.join(', ')} over time`} />
      <figcaption>
        {names.map((name, index) => (
          <span key={name} class="legend">
            <i class={`line-${index + 1}`} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function optionsOf(unit: string, names: readonly string[], width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${token('--font')}`;
  const axis: uPlot.Axis = {
    stroke: token('--muted'),
    font,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 28, 0, 0],
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.15)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 26,
        incrs: TIME_STEPS,
        values: (_, at) => at.map((x) => timeOfDay(wallOf(x))),
      },
      { ...axis, size: 58, space: 36, values: (_, at) => at.map((y) => `${y}${unit}`) },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: token(LINES[index % LINES.length]!),
        width: 1.75,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}
