import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Setting, SettingsAnswer } from '../../src/dashboard/wire.js';
import { result, settingsOf } from './actions.js';
import { words } from './format.js';
import { SearchIcon } from './icons.js';
import { editingSetting } from './setting-dialog.js';
import { app } from './store.js';

/** What is set for a name, asked for when it is opened. */
export function SettingsSection({ name }: { readonly name: string }) {
  const open = useSignal(false);
  const answer = useSignal<SettingsAnswer | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const done = result.value?.id;
  useEffect(() => {
    if (!open.value) return;
    settingsOf(name).then(
      (given) => {
        answer.value = given;
        problem.value = undefined;
      },
      (error: unknown) => (problem.value = error instanceof Error ? error.message : 'The server does not answer.'),
    );
  }, [name, open.value, done]);
  return (
    <section class="card wide" aria-labelledby="settings">
      <details onToggle={({ currentTarget }) => (open.value = currentTarget.open)}>
        <summary>
          <h2 id="settings">Settings</h2>
        </summary>
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        {answer.value !== undefined && <Table of={answer.value} />}
      </details>
    </section>
  );
}

function Table({ of }: { readonly of: SettingsAnswer }) {
  const mayChange = app.value?.mayAct === true && of.configured;
  const wanted = useSignal('');
  const shown = of.settings.filter(({ path }) =>
    path.join('.').toLowerCase().includes(wanted.value.trim().toLowerCase()),
  );
  if (of.settings.length === 0) return <p class="quiet">Nothing can be set here.</p>;
  return (
    <>
      {!of.configured && <p class="quiet">These belong to a call site’s own code and cannot be changed here.</p>}
      <label class="search">
        <span class="sr">Find a setting</span>
        <SearchIcon />
        <input
          type="search"
          placeholder="Find a setting"
          value={wanted.value}
          onInput={({ currentTarget }) => (wanted.value = currentTarget.value)}
        />
      </label>
      <div class="scroll" tabIndex={0} role="region" aria-label="List of settings">
        <table class="settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              {mayChange && (
                <th scope="col">
                  <span class="sr">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {shown.map((setting) => (
              <Row
                key={setting.path.join('.')}
                name={of.name}
                version={of.version}
                of={setting}
                mayChange={mayChange}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface RowProps {
  readonly name: string;
  readonly version: number | undefined;
  readonly of: Setting;
  readonly mayChange: boolean;
}

function Row({ name, version, of, mayChange }: RowProps) {
  const label = of.path.join('.');
  return (
    <tr>
      <th scope="row">
        <span class="quiet">{words(of.path[0]!)}</span> {of.path.slice(1).join('.')}
        {of.description !== undefined && <span class="quiet small block">{of.description}</span>}
      </th>
      <td class="nums">
        {String(of.value)} {of.preset && <span class="quiet small">default</span>}
      </td>
      {mayChange && (
        <td class="row-actions">
          <button
            aria-label={`Change ${label}`}
            onClick={() => (editingSetting.value = { name, setting: of, version })}
          >
            Change
          </button>
        </td>
      )}
    </tr>
  );
}
