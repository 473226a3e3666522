import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { perform, type Proposal, proposal, result, tell } from './actions.js';
import { Dialog } from './dialog.js';
import { StatusIcon } from './icons.js';
import { SettingDialog } from './setting-dialog.js';
import { WeightDialog } from './weight-dialog.js';

/** How long a good result stays, in ms. A bad one stays until it is closed. */
const RESULT_STAYS_MS = 6_000;

/** Asks before it acts, and for the reason. */
export function ActionDialog() {
  const proposed = proposal.value;
  return (
    <>
      <WeightDialog />
      <SettingDialog />
      {proposed !== undefined && <Confirm key={proposed.title} of={proposed} />}
    </>
  );
}

function Confirm({ of }: { readonly of: Proposal }) {
  const reason = useSignal('');
  const minutes = useSignal(String(of.minutes?.preset ?? ''));
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const close = (): void => {
    proposal.value = undefined;
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    const action = of.minutes === undefined ? of.action : of.minutes.with(Number(minutes.value));
    const { ok, message } = await perform(action, reason.value.trim());
    busy.value = false;
    if (!ok) {
      problem.value = message;
      return;
    }
    close();
    tell(true, message);
  };
  return (
    <Dialog label={of.title} onClose={close}>
      <form onSubmit={(event) => void submit(event)} class="stack">
        <h2>{of.title}</h2>
        <p>{of.consequence}</p>
        {of.minutes !== undefined && (
          <>
            <label for="minutes">For how many minutes</label>
            <input
              id="minutes"
              type="number"
              min="0.1"
              max="10080"
              step="any"
              required
              value={minutes.value}
              onInput={({ currentTarget }) => (minutes.value = currentTarget.value)}
            />
          </>
        )}
        <ReasonField value={reason} />
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={of.dangerous ? 'danger solid' : 'primary'} disabled={busy.value}>
            {busy.value ? 'Working …' : of.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function ReasonField({ value }: { readonly value: { value: string } }) {
  const own = useRef<HTMLTextAreaElement>(null);
  useEffect(() => own.current?.focus(), []);
  return (
    <>
      <label for="reason">
        Reason <span class="quiet">for the audit trail</span>
      </label>
      <textarea
        id="reason"
        ref={own}
        rows={2}
        maxLength={1_000}
        required
        value={value.value}
        onInput={({ currentTarget }) => (value.value = currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
    </>
  );
}

/** How the last action ended. */
export function ActionResult() {
  const shown = result.value;
  useEffect(() => {
    if (shown?.ok !== true) return;
    const timer = setTimeout(() => (result.value = undefined), RESULT_STAYS_MS);
    return () => clearTimeout(timer);
  }, [shown?.id]);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown !== undefined && (
        <div class={`toast ${shown.ok ? 'good' : 'bad'}`}>
          <StatusIcon of={shown.ok ? 'well' : 'down'} />
          <span>{shown.message}</span>
          <button class="quiet-button" aria-label="Close" onClick={() => (result.value = undefined)}>
            <StatusIcon of="down" />
          </button>
        </div>
      )}
    </div>
  );
}
