import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import { describeFailure, type HttpFailure } from './http-failure.ts';
import { type ReplyHeaders, readBody, tooLong } from './read-body.ts';

/** The engine's complete reply, unjudged. */
export interface HttpResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Absent where the body cannot be read: `unread` says why. */
  readonly text?: string;
  /** To be said after "the reply". */
  readonly unread?: string;
}

export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly request: Dispatcher.DispatchOptions;
  /** Names the engine in messages: host and port. */
  readonly host: string;
  /** Of the proxy that is handed the whole address, if the connection leads to one: host and port. */
  readonly proxy?: string | undefined;
  readonly timeoutInMs: number;
  readonly bodyLimitInBytes: number;
  readonly signal: AbortSignal;
  readonly onSent?: (() => void) | undefined;
}

/**
 * One request, written at most once, and its reply. Resolves for every reply and every failure, at the latest after
 * `timeoutInMs`, which covers connecting, TLS, sending, waiting and the body.
 * @throws the signal's reason when aborted
 *
 * Waiting for a free connection cannot be called off in undici: a call that is over by then is stopped in
 * `onRequestStart`, before its head is written. undici calls that hook and writes the head in one go (`writeH1`).
 */
export function exchange(options: Exchange): Promise<HttpResponse | HttpFailure> {
  const { signal, host } = options;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let over = false;
    let head: { status: number; headers: HttpResponse['headers'] } = { status: 0, headers: {} };
    const chunks: Buffer[] = [];
    let sizeInBytes = 0;

    const end = (finish: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      finish();
    };
    const stop = (finish: () => void) => {
      end(finish);
      controller?.abort(new Error('the call is over'));
    };
    const fail = (failure: Pick<HttpFailure, 'fault' | 'message'>) =>
      resolve({ kind: 'failed', ...failure, sent: controller !== undefined });
    const abort = () => stop(() => reject(signal.reason));
    const timer = setTimeout(
      () =>
        stop(() => fail({ fault: 'timeout', message: timeoutMessage(options, controller !== undefined) })),
      options.timeoutInMs,
    );
    // One listener for every call in flight: more than the ten that Node.js takes for a leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });

    options.dispatcher.dispatch(options.request, {
      onRequestStart(started) {
        if (over) {
          started.abort(new Error('the call is over'));
        } else if (controller !== undefined) {
          // Never seen for a call that is not idempotent; should undici write it again, one call would be two requests.
          end(() => fail({ fault: 'connection', message: `the connection to ${host} was lost` }));
          started.abort(new Error('a call is sent once'));
        } else {
          controller = started;
          options.onSent?.();
        }
      },
      onResponseStart(_controller, status, headers) {
        if (status >= 200) head = { status, headers };
      },
      onResponseData(_controller, chunk) {
        sizeInBytes += chunk.length;
        if (sizeInBytes <= options.bodyLimitInBytes) chunks.push(chunk);
        else stop(() => resolve({ kind: 'response', ...head, ...tooLong }));
      },
      onResponseEnd() {
        const limitInBytes = options.bodyLimitInBytes;
        const body = () => readBody(Buffer.concat(chunks), { headers: head.headers, limitInBytes });
        end(() => resolve({ kind: 'response', ...head, ...body() }));
      },
      onResponseError(_controller, error) {
        end(() => fail(describeFailure({ error, host, proxy: options.proxy })));
      },
    });
  });
}

function timeoutMessage({ host, timeoutInMs }: Exchange, sent: boolean): string {
  return sent ? `no reply from ${host} in ${timeoutInMs} ms` : `not sent to ${host} in ${timeoutInMs} ms`;
}
