import { useEffect, useRef } from 'preact/hooks';
import { connection, signIn } from './live.js';

export function SignIn() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const state = connection.value;
  const rejected = state.kind === 'token-wanted' && state.rejected;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? '';
    if (token !== '') signIn(token);
  };
  return (
    <section class="card narrow">
      <h1>Sign in</h1>
      <p class="quiet">
        This page asks for its access token. It is kept for this tab alone, and forgotten when you close it.
      </p>
      <form onSubmit={submit} class="stack">
        <label for="token">Access token</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-invalid={rejected}
          aria-describedby={rejected ? 'token-problem' : undefined}
        />
        {rejected && (
          <p id="token-problem" class="problem" role="alert">
            That token is not accepted.
          </p>
        )}
        <button class="primary" type="submit">
          Open the page
        </button>
      </form>
    </section>
  );
}
