export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly remark?: string | undefined;
}

export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {figures.map(({ name, value, remark }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {remark !== undefined && <dd>{remark}</dd>}
        </div>
      ))}
    </dl>
  );
}
