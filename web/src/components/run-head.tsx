import type { ComponentChildren } from 'preact';

interface Props {
  readonly id: string;
  readonly title?: string;
  readonly state?: string;
  readonly children?: ComponentChildren;
}

export const runAddress = (id: string, ...rest: readonly (string | number)[]) =>
  `/${['runs', id, ...rest].map((part) => encodeURIComponent(part)).join('/')}`;

/** The name of a run above each of its pages, with the way to the others. */
export function RunHead({ id, title, state, children }: Props) {
  const pages = [
    [undefined, 'Overview'],
    ['photos', 'Photos'],
    ['review', 'Dead letters'],
  ] as const;
  return (
    <header class="run-head">
      <h1>
        Run {id} {state !== undefined && <span class={`badge ${state}`}>{state}</span>}
      </h1>
      {children}
      <nav class="tabs" aria-label={`Pages of run ${id}`}>
        {pages.map(([page, name]) => (
          <a
            key={name}
            href={page === undefined ? runAddress(id) : runAddress(id, page)}
            aria-current={name === title ? 'page' : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
    </header>
  );
}
