import { signal, useSignal } from '@preact/signals';
import { proposal } from './actions.js';
import { Dialog } from './dialog.js';

/** The endpoint whose weight is being changed. */
export const editingWeight = signal<
  { readonly policy: string; readonly endpoint: string; readonly weight: number } | undefined
>(undefined);

/** Asks for the weight; the confirmation with its reason follows. */
export function WeightDialog() {
  const edited = editingWeight.value;
  return edited === undefined ? null : <Edit key={edited.endpoint} {...edited} />;
}

function Edit({
  policy,
  endpoint,
  weight,
}: {
  readonly policy: string;
  readonly endpoint: string;
  readonly weight: number;
}) {
  const given = useSignal(String(weight));
  const close = (): void => {
    editingWeight.value = undefined;
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    close();
    proposal.value = {
      title: `Weight of ${endpoint}: ${weight} → ${given.value}?`,
      consequence: 'Calls are spread anew by the weights from now on.',
      confirm: 'Change the weight',
      dangerous: false,
      action: { kind: 'weight', policy, endpoint, weight: Number(given.value) },
    };
  };
  return (
    <Dialog label={`Weight of ${endpoint}`} onClose={close}>
      <form onSubmit={submit} class="stack">
        <h2>Weight of {endpoint}</h2>
        <label for="weight">New weight</label>
        <input
          id="weight"
          type="number"
          min="0.001"
          max="1000000"
          step="any"
          required
          value={given.value}
          onInput={({ currentTarget }) => (given.value = currentTarget.value)}
        />
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Continue
          </button>
        </div>
      </form>
    </Dialog>
  );
}
