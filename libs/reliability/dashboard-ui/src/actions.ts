import { signal } from '@preact/signals';
import type { ActionAnswer, SettingsAnswer } from '../../src/dashboard/wire.js';
import type { Action } from '../../src/manager/actions.js';
import { messageOf } from './live.js';
import { headers, readToken } from './session.js';

type WithoutReason<A> = A extends unknown ? Omit<A, 'reason'> : never;

/** An action that waits for somebody's yes. */
export interface Proposal {
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly consequence: string;
  readonly confirm: string;
  readonly dangerous: boolean;
  readonly action: WithoutReason<Action>;
  /** Asks in addition for how long, in minutes, and what to do with that. */
  readonly minutes?: { readonly preset: number; with(minutes: number): WithoutReason<Action> };
}

export const proposal = signal<Proposal | undefined>(undefined);
/** How the last action ended, for everybody to see and hear. */
export const result = signal<(ActionAnswer & { readonly id: number }) | undefined>(undefined);

let results = 0;

export function tell(ok: boolean, message: string): void {
  result.value = { ok, message, id: (results += 1) };
}

export async function perform(action: WithoutReason<Action>, reason: string): Promise<ActionAnswer> {
  try {
    const answer = await fetch('actions', {
      method: 'POST',
      headers: { ...headers(readToken()), 'content-type': 'application/json' },
      body: JSON.stringify({ ...action, reason }),
    });
    return { ok: answer.ok, message: await messageOf(answer) };
  } catch {
    return { ok: false, message: 'The server does not answer. Nothing is known of what became of it.' };
  }
}

/** @throws Error with what the server said */
export async function settingsOf(name: string): Promise<SettingsAnswer> {
  const answer = await fetch(`settings?name=${encodeURIComponent(name)}`, { headers: headers(readToken()) });
  if (!answer.ok) throw new Error(await messageOf(answer));
  return (await answer.json()) as SettingsAnswer;
}
