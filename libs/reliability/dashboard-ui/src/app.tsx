import { useEffect, useRef } from 'preact/hooks';
import { ActionDialog, ActionResult } from './action-dialog.js';
import { Detail } from './detail.js';
import { Header } from './header.js';
import { connection } from './live.js';
import { Overview } from './overview.js';
import { opened } from './route.js';
import { SignIn } from './sign-in.js';
import { app } from './store.js';

export function App() {
  const { kind } = connection.value;
  const name = opened.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = name === undefined ? (app.peek()?.title ?? 'Reliability') : `${name} · Reliability`;
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [name]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to content
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1} class={kind === 'lost' ? 'stale' : ''}>
        <Content kind={kind} name={name} />
      </main>
      <ActionDialog />
      <ActionResult />
    </>
  );
}

function Content({ kind, name }: { readonly kind: string; readonly name: string | undefined }) {
  if (kind === 'token-wanted') return <SignIn />;
  if (connection.value.kind === 'refused') {
    return (
      <section class="card narrow">
        <h1>Not for you</h1>
        <p>{connection.value.why}</p>
      </section>
    );
  }
  if (app.value === undefined) {
    return <p class="loading">{kind === 'lost' ? 'No connection yet; trying again.' : 'Connecting …'}</p>;
  }
  return name === undefined ? <Overview /> : <Detail key={name} name={name} />;
}
