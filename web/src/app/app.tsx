import { LocationProvider, Route, Router } from 'preact-iso';
import { connection, queueIsAway } from '../api/live.ts';
import { AccountsPage } from '../pages/accounts-page.tsx';
import { LoginPage } from '../pages/login-page.tsx';
import { PhotoPage } from '../pages/photo-page.tsx';
import { PhotosPage } from '../pages/photos-page.tsx';
import { ReviewPage } from '../pages/review-page.tsx';
import { RunPage } from '../pages/run-page.tsx';
import { RunsPage } from '../pages/runs-page.tsx';
import { SchedulesPage } from '../pages/schedules-page.tsx';
import { closeSession, session } from './session.ts';

/** Addresses that are not the page's own are left to the server. */
const ownAddresses = /^\/(?!queues|api|metrics)/;

export function App() {
  if (session.value === undefined) return <p class="page muted">Asking the server …</p>;
  if (session.value === null) return <LoginPage />;
  return (
    <LocationProvider scope={ownAddresses}>
      <a class="skip-link" href="#content">
        To the content
      </a>
      <TopBar />
      <ConnectionNotice />
      <Router onRouteChange={focusContent}>
        <Route path="/" component={RunsPage} />
        <Route path="/runs/:id" component={RunPage} />
        <Route path="/runs/:id/photos" component={PhotosPage} />
        <Route path="/runs/:id/photos/:seq" component={PhotoPage} />
        <Route path="/runs/:id/review" component={ReviewPage} />
        <Route path="/accounts" component={AccountsPage} />
        <Route path="/schedules" component={SchedulesPage} />
        <Route default component={NotFoundPage} />
      </Router>
    </LocationProvider>
  );
}

function TopBar() {
  return (
    <header class="top-bar">
      <a class="wordmark" href="/">
        rollcall
      </a>
      <nav aria-label="Pages">
        <a href="/">Runs</a>
        <a href="/accounts">Accounts</a>
        <a href="/schedules">Schedules</a>
        <a href="/queues" target="_blank" rel="noreferrer">
          Queues
        </a>
      </nav>
      <span class="top-bar-end">
        {session.value?.readOnly && <span class="badge">read-only</span>}
        <button type="button" class="plain muted" onClick={() => void closeSession()}>
          Sign out
        </button>
      </span>
    </header>
  );
}

function ConnectionNotice() {
  return (
    <div role="status" class="connection">
      {connection.value === 'lost' && (
        <p class="notice warning">Connection lost, trying again. What is shown is from before.</p>
      )}
      {connection.value === 'live' && queueIsAway.value && (
        <p class="notice warning">
          The queue does not answer, and is tried again every few seconds. Runs are shown as they were written
          down; none can be started or changed until then.
        </p>
      )}
    </div>
  );
}

/** A new page is read from its start. */
function focusContent(): void {
  scrollTo(0, 0);
  document.getElementById('content')?.focus({ preventScroll: true });
}

function NotFoundPage() {
  return (
    <main class="page" id="content" tabIndex={-1}>
      <h1>There is no such page</h1>
      <p>
        <a href="/">To the runs</a>
      </p>
    </main>
  );
}
