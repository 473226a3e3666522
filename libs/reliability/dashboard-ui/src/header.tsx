import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { AutoIcon, MoonIcon, SunIcon } from './icons.js';
import { connection } from './live.js';
import { overviewAddress } from './route.js';
import { app, score } from './store.js';
import { nextTheme, theme } from './theme.js';

export function Header() {
  const points = score.value?.score;
  return (
    <header class="top">
      <a class="brand" href={overviewAddress()}>
        <Mark />
        <span>{app.value?.title ?? 'Reliability'}</span>
      </a>
      <span class="spacer" />
      {app.value !== undefined && !app.value.mayAct && (
        <span class="pill" title={app.value.whyNot}>
          Read-only
        </span>
      )}
      {points !== undefined && <span class="sr">Health score {points} of 100.</span>}
      <ConnectionPill />
      <ThemeButton />
    </header>
  );
}

const Mark = () => (
  <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
    <rect x="1" y="1" width="22" height="22" rx="6" class="mark" />
    <path
      d="M5.5 12.5h3l2-5 3 9 2-4h3"
      fill="none"
      stroke="#fff"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
);

function ConnectionPill() {
  const state = connection.value;
  switch (state.kind) {
    case 'live':
      return (
        <span class="pill live" role="status">
          <i />
          Live
        </span>
      );
    case 'lost':
      return <Lost retryAt={state.retryAt} why={state.why} />;
    case 'connecting':
      return (
        <span class="pill" role="status">
          Connecting
        </span>
      );
    default:
      return null;
  }
}

function Lost({ retryAt, why }: { readonly retryAt: number; readonly why: string }) {
  const left = useSignal(0);
  useEffect(() => {
    const show = (): void => {
      left.value = Math.max(0, Math.ceil((retryAt - Date.now()) / 1_000));
    };
    show();
    const timer = setInterval(show, 250);
    return () => clearInterval(timer);
  }, [retryAt]);
  return (
    <span class="pill lost" title={why}>
      <span role="status">Disconnected</span>
      <span class="wide" aria-hidden="true">
        {left.value === 0 ? ' · connecting' : ` · again in ${left.value} s`}
      </span>
    </span>
  );
}

function ThemeButton() {
  const of = theme.value;
  const label = `Colours: ${of === 'auto' ? 'as the system has them' : of}`;
  return (
    <button class="quiet-button" onClick={nextTheme} aria-label={label} title={label}>
      {of === 'auto' ? <AutoIcon /> : of === 'dark' ? <MoonIcon /> : <SunIcon />}
    </button>
  );
}
