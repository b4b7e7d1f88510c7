import { type Dispatcher, request } from 'undici';
import { secretsOfAddress } from '../../util/address-secrets.ts';
import { createCleanText } from '../../util/foreign-text.ts';
import { basicCredentials } from '../../util/http/basic-credentials.ts';
import { describeFailure } from '../../util/http/http-failure.ts';
import { redactAddress } from '../../util/redact-address.ts';
import { withinTime } from '../../util/time-limit.ts';
import { createDeadline, DeadlineError } from '../deadline.ts';
import type { PhotoBytes, PhotoProblem } from '../photo.ts';
import { openFault, permanent, tooLarge, toPhotoBytes, transient } from '../photo-bytes.ts';
import { createHttpsDispatchers, type HttpsDispatchers, type HttpsOptions } from './https-dispatchers.ts';
import { PrivateAddressError } from './public-address.ts';

export interface HttpsPhotoOptions extends HttpsOptions {
  readonly maxSizeInBytes: number;
}

export interface HttpsPhotoReader {
  /**
   * `timeoutInMs` covers the whole read, redirects included; `maxSizeInBytes`: by default the reader's.
   * @throws the signal's reason when aborted
   */
  read(address: string, signal: AbortSignal, maxSizeInBytes?: number): Promise<PhotoBytes | PhotoProblem>;
  close(): Promise<void>;
}

const maxRedirects = 5;

/** Fetches photos over https. Messages name the address without its secrets. */
export function createHttpsPhotoReader(options: HttpsPhotoOptions): HttpsPhotoReader {
  const dispatchers = createHttpsDispatchers(options);
  return {
    async read(address, signal, maxSizeInBytes = options.maxSizeInBytes) {
      signal.throwIfAborted();
      const shown = `photo ${JSON.stringify(redactAddress(address).address.slice(0, 300))}`;
      if (!URL.canParse(address)) return permanent(`${shown} is not a valid address`);
      // Where a photo redirects to, its host may have put anything into.
      const clean = createCleanText({ secrets: secretsOfAddress(address), limit: 500 });
      const deadline = createDeadline(signal, options.timeoutInMs);
      try {
        const fetching = fetchPhoto(new URL(address), {
          dispatchers,
          maxSizeInBytes,
          signal: deadline.signal,
        });
        const result = await withinTime(fetching, { signal: deadline.signal });
        return 'problem' in result ? { ...result, problem: `${shown} ${clean(result.problem)}` } : result;
      } catch (error) {
        signal.throwIfAborted();
        const explained = explain(error, options.timeoutInMs);
        return { ...explained, problem: `${shown}: ${clean(explained.problem)}` };
      } finally {
        deadline.clear();
      }
    },
    close: () => dispatchers.close(),
  };
}

interface Fetching {
  readonly dispatchers: HttpsDispatchers;
  readonly maxSizeInBytes: number;
  readonly signal: AbortSignal;
}

async function fetchPhoto(first: URL, fetching: Fetching): Promise<PhotoBytes | PhotoProblem> {
  let url = first;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    if (url.protocol !== 'https:') return permanent(`redirects to ${url.protocol}//, which is not read`);
    const response = await requestPhoto(url, { ...fetching, isFirstOrigin: url.origin === first.origin });
    if (response.statusCode === 200) {
      return readPhotoBody(response, fetching.maxSizeInBytes).catch(failAt(url));
    }
    drop(response.body);
    const target = redirectTarget(response.statusCode, response.headers);
    if (target === undefined) return problemOfStatus(response.statusCode);
    if (!URL.canParse(target, url.href)) return permanent('redirects to something that is not an address');
    url = new URL(target, url);
  }
  return permanent(`redirects more than ${maxRedirects} times`);
}

/** User and password of the address are sent to its own host only. */
async function requestPhoto(
  url: URL,
  { dispatchers, signal, isFirstOrigin }: Fetching & { isFirstOrigin: boolean },
) {
  const dispatcher = await dispatchers.dispatcherFor(url).catch(failAt(url));
  const authorization = isFirstOrigin ? basicCredentials(url) : undefined;
  const path = `${url.pathname}${url.search}`;
  const headers = {
    accept: 'image/*,*/*;q=0.5',
    'accept-encoding': 'identity',
    ...(authorization !== undefined && { authorization }),
  };
  return request(new URL(path, url.origin), { dispatcher, signal, headers }).catch(failAt(url));
}

/** A failure, with the host where it happened: after a redirect it is not the address's. */
class FetchError extends Error {
  readonly host: string;

  constructor(host: string, cause: unknown) {
    super(`reading from ${host} failed`, { cause });
    this.host = host;
  }
}

function failAt(url: URL): (error: unknown) => never {
  return (error) => {
    throw new FetchError(url.host, error);
  };
}

function explain(error: unknown, timeoutInMs: number): PhotoProblem {
  const { cause, host } = error instanceof FetchError ? error : { cause: error, host: 'its host' };
  if (cause instanceof DeadlineError)
    return openFault(transient(`it did not arrive within ${timeoutInMs / 1000} s`));
  if (cause instanceof PrivateAddressError)
    return permanent(`${cause.message}; --allow-private permits that`);
  const { fault, message } = describeFailure({ error: cause, host });
  if (fault === 'certificate')
    return openFault(permanent(`${message}; NODE_EXTRA_CA_CERTS names a file of further authorities`));
  return openFault(transient(message));
}

type Headers = Dispatcher.ResponseData['headers'];

const transientStatuses = new Set([408, 425, 429]);

/** What a status other than 200 means for the photo. */
function problemOfStatus(status: number): PhotoProblem {
  if (status >= 500 || transientStatuses.has(status))
    return openFault(transient(`was answered with ${status}`));
  if (status === 404 || status === 410) return permanent(`is not there (${status})`);
  if (status === 401 || status === 403)
    return openFault(permanent(`may not be read (${status}); has its address expired?`));
  return permanent(`was answered with ${status}`);
}

/** Where a reply redirects to; undefined if it does not. */
function redirectTarget(status: number, headers: Headers): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headerText(headers, 'location') : undefined;
}

/** The photo in a reply of status 200. Reading ends as soon as it is larger than allowed. */
async function readPhotoBody(
  { headers, body }: Dispatcher.ResponseData,
  maxSizeInBytes: number,
): Promise<PhotoBytes | PhotoProblem> {
  const chunks: Buffer[] = [];
  let sizeInBytes = Number(headerText(headers, 'content-length') ?? 0);
  if (sizeInBytes <= maxSizeInBytes) {
    sizeInBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sizeInBytes += chunk.length;
      if (sizeInBytes > maxSizeInBytes) break;
      chunks.push(chunk);
    }
  }
  if (sizeInBytes > maxSizeInBytes) {
    drop(body);
    return tooLarge(maxSizeInBytes);
  }
  return toPhotoBytes(
    Buffer.concat(chunks),
    headerText(headers, 'etag') ?? headerText(headers, 'last-modified'),
  );
}

/** Ends a body that is not read. */
function drop(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}

function headerText(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
