import { useEffect, useState } from 'preact/hooks';
import { addressOf, at } from '../api/client.ts';

interface Props {
  readonly runId: string;
  readonly seq: number;
  readonly size: 240 | 960;
  readonly label: string;
}

/** Held down keys pass over photos faster than pictures are made. */
const settleInMs = 90;

/** A photo as the server shows it; one that is gone, or may not be seen, says so. */
export function Picture({ runId, seq, size, label }: Props) {
  const [shown, setShown] = useState<{ address: string; isMissing: boolean }>();
  const address = addressOf(`${at('runs', runId, 'lines', seq, 'picture')}?size=${size}`);
  useEffect(() => {
    setShown(undefined);
    const timer = setTimeout(() => setShown({ address, isMissing: false }), settleInMs);
    return () => clearTimeout(timer);
  }, [address]);
  if (!shown || shown.address !== address) return <div class="picture" />;
  if (shown.isMissing)
    return (
      <div class="picture missing">
        <p>There is no picture: the photo is gone, or may not be looked at from here.</p>
      </div>
    );
  return (
    <div class="picture">
      <img src={address} alt={label} onError={() => setShown({ address, isMissing: true })} />
    </div>
  );
}
