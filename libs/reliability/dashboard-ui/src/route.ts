import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => (hash.value = location.hash));

/** The name whose page is shown; `undefined` for the overview. */
export const opened = computed(() => {
  const found = /^#\/policy\/(.+)$/.exec(hash.value);
  if (found === null) return undefined;
  try {
    return decodeURIComponent(found[1]!);
  } catch {
    return undefined;
  }
});

// With a <base>, a bare fragment would lead elsewhere.
const here = (fragment: string): string => `${location.pathname}${location.search}${fragment}`;

export const addressOf = (name: string): string => here(`#/policy/${encodeURIComponent(name)}`);
export const overviewAddress = (): string => here('#/');
