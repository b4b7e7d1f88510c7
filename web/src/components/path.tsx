import { Fragment } from 'preact';
import { describeSource } from '../../../src/records/describe-source.ts';

/** A path, cut at its start, since its end tells photos apart. */
export const Path = ({ path = '–' }: { path?: string | undefined }) => (
  <span class="path" title={path}>
    <WholePath path={path} />
  </span>
);

/** A path whose folders stay in their order, in whatever script their names are. */
export const WholePath = ({ path }: { path: string }) => (
  <bdi dir="ltr">
    {path.split('/').map((name, index) => (
      <Fragment key={index}>
        {index > 0 && '/'}
        <bdi dir="ltr">{name}</bdi>
      </Fragment>
    ))}
  </bdi>
);

/** Where a run's photos are listed. */
export const SourceName = ({ source }: { source: string }) => <WholePath path={describeSource(source)} />;
