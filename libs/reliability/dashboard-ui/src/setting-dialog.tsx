import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Setting } from '../../src/dashboard/wire.js';
import { proposal } from './actions.js';
import { Dialog } from './dialog.js';

interface Edited {
  readonly name: string;
  readonly setting: Setting;
  readonly version: number | undefined;
}

const NUMBER = '-?\\d+(\\.\\d+)?';

/** The setting that is being changed. */
export const editingSetting = signal<Edited | undefined>(undefined);

/** Asks for the value; the confirmation with its reason follows. The server has the last word on what is valid. */
export function SettingDialog() {
  const edited = editingSetting.value;
  return edited === undefined ? null : <Edit key={edited.setting.path.join('.')} of={edited} />;
}

function Edit({ of: { name, setting, version } }: { readonly of: Edited }) {
  const label = setting.path.join('.');
  const given = useSignal(String(setting.value));
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('#value')?.focus(), []);
  const close = (): void => {
    editingSetting.value = undefined;
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    close();
    const value = valueOf(setting, given.value);
    proposal.value = {
      title: `Change ${label} of ${name}?`,
      consequence: `${String(setting.value)} becomes ${String(value)}, for calls that come from now on.`,
      confirm: 'Change the setting',
      dangerous: false,
      action: {
        kind: 'change',
        policies: { [name]: patchOf(setting.path, value) },
        ...(version !== undefined && version > 0 && { expectedVersion: version }),
      },
    };
  };
  return (
    <Dialog label={`Change ${label}`} onClose={close}>
      <form ref={form} onSubmit={submit} class="stack">
        <h2>{label}</h2>
        {setting.description !== undefined && <p class="quiet">{setting.description}</p>}
        <label for="value">New value</label>
        {typeof setting.value === 'boolean' ? (
          <select id="value" value={given.value} onChange={({ currentTarget }) => (given.value = currentTarget.value)}>
            <option value="true">true</option>
            <option value="false">false</option>
          </select>
        ) : (
          <input
            id="value"
            type="text"
            inputMode={typeof setting.value === 'number' ? 'decimal' : 'text'}
            pattern={typeof setting.value === 'number' ? NUMBER : undefined}
            title={typeof setting.value === 'number' ? 'A number' : undefined}
            autocomplete="off"
            required
            value={given.value}
            onInput={({ currentTarget }) => (given.value = currentTarget.value)}
          />
        )}
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

function valueOf({ value }: Setting, given: string): string | number | boolean {
  if (typeof value === 'boolean') return given === 'true';
  return typeof value === 'number' ? Number(given) : given;
}

/** `['a', 'b'], 1` → `{ a: { b: 1 } }` */
function patchOf(path: readonly string[], value: unknown): Record<string, Record<string, unknown>> {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<
    string,
    Record<string, unknown>
  >;
}
