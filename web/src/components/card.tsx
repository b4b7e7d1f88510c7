import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  readonly title: string;
  readonly remark?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a page, under its heading. */
export function Card({ title, remark, children }: Props) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {remark !== undefined && <span class="muted small">{remark}</span>}
      </header>
      {children}
    </section>
  );
}
