import { signal } from '@preact/signals';
import { addressOf, withQuery } from './client.ts';

/** Whether what is shown is what is: `lost` while the server does not answer. */
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');

/** Whether the server has no queue: runs are shown as they were written down. */
export const queueIsAway = signal(false);

interface Subscription {
  readonly run?: string;
  /** By the event's name: what to do with its JSON. */
  readonly on: Readonly<Record<string, (data: unknown) => void>>;
  /** Called whenever the connection is there again: what was missed has to be asked for. */
  readonly onReturn: () => void;
}

const retryAfterInMs = 2_000;
/** The server sends something every ten seconds. */
const silentAfterInMs = 25_000;

/**
 * Follows the server's events until it is ended. A browser gives up a stream that was refused, and does not see one
 * that went silent: both are opened anew. A tab that nobody sees holds none, since a browser has only six for a server.
 * @returns what ends it
 */
export function follow({ run, on, onReturn }: Subscription): () => void {
  let stream: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;

  const open = () => {
    close();
    stream = new EventSource(addressOf(withQuery('/events', { run })));
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(lose, silentAfterInMs);
    };
    stream.addEventListener('open', () => {
      heard();
      connection.value = 'live';
      if (wasOpen) onReturn();
      wasOpen = true;
    });
    stream.addEventListener('error', lose);
    stream.addEventListener('ping', heard);
    stream.addEventListener('hello', ({ data }: MessageEvent<string>) => {
      heard();
      queueIsAway.value = (JSON.parse(data) as { queue?: string }).queue === 'away';
    });
    for (const [name, use] of Object.entries(on))
      stream.addEventListener(name, ({ data }: MessageEvent<string>) => {
        heard();
        use(JSON.parse(data));
      });
  };
  const lose = () => {
    close();
    connection.value = 'lost';
    timer = setTimeout(open, retryAfterInMs);
  };
  const close = () => {
    clearTimeout(timer);
    stream?.close();
    stream = undefined;
  };
  const seeTab = () => (document.hidden ? close() : open());

  connection.value = 'connecting';
  document.addEventListener('visibilitychange', seeTab);
  seeTab();
  return () => {
    document.removeEventListener('visibilitychange', seeTab);
    close();
    // A page that follows nothing has lost nothing.
    connection.value = 'connecting';
  };
}
