import { useEffect } from 'preact/hooks';
import type { AccountView, AuditedAccount } from '../../../src/serve/api/accounts.ts';
import { follow } from '../api/live.ts';
import { useAsk } from '../api/use-ask.ts';
import { AuditFacts } from '../components/audit-facts.tsx';
import { CoverageFacts } from '../components/coverage-facts.tsx';
import { EngineHealth } from '../components/engine-health.tsx';
import { runAddress } from '../components/run-head.tsx';
import { countOf } from '../format.ts';

const askEveryInMs = 2_000;

/** The accounts that are called, and how they are. */
export function AccountsPage() {
  const { answer, problem, again } = useAsk<{ accounts: readonly AuditedAccount[] }>('/accounts');
  useEffect(() => {
    document.title = 'Accounts – rollcall';
    const timer = setInterval(() => !document.hidden && again(), askEveryInMs);
    const end = follow({ on: {}, onReturn: again });
    return () => {
      clearInterval(timer);
      end();
    };
  }, [again]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <h1>Accounts</h1>
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {answer?.accounts.length === 0 && (
        <section class="card">
          <p>No account has a run yet.</p>
        </section>
      )}
      {answer?.accounts.map((account) => (
        <section class="card" key={account.account}>
          <header>
            <h2>{account.engine}</h2>
            <span class="muted small">
              Account <span class="mono">{account.account}</span>
            </span>
          </header>
          <EngineHealth health={account} />
          <Runs runs={account.runs} />
          <AuditFacts audit={account.audit} />
          <CoverageFacts coverage={account.coverage} />
        </section>
      ))}
    </main>
  );
}

function Runs({ runs }: Pick<AccountView, 'runs'>) {
  if (runs.length === 0) return <p class="muted">No run of it is under way.</p>;
  return (
    <>
      <p>{countOf(runs.length, 'run')} under way:</p>
      <ul class="plain-list">
        {runs.map((run) => (
          <li key={run}>
            <a href={runAddress(run)}>{run}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
