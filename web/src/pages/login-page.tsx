import { useState } from 'preact/hooks';
import { openSession, sessionProblem } from '../app/session.ts';
import { Problem } from '../components/problem.tsx';

export function LoginPage() {
  const [token, setToken] = useState('');
  return (
    <main class="page login">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void openSession(token.trim());
        }}
      >
        <h1>rollcall</h1>
        <p class="muted">
          This page shows people's photos, so it asks for the server's token: it is in the address that{' '}
          <span class="mono">rollcall serve</span> prints, and in the file that it names.
        </p>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <Problem text={sessionProblem.value} />
        <div class="buttons">
          <button class="main" type="submit">
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
}
