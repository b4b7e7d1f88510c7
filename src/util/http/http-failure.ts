/** A call without a complete reply. */
export interface HttpFailure {
  readonly kind: 'failed';
  readonly fault: HttpFault;
  /** In words of our own: no text of the other side, no address but host and port. */
  readonly message: string;
  /** False if nothing of the request can have reached the engine. */
  readonly sent: boolean;
}

/** `unknown-host`, `certificate` and `proxy` are faults of settings; the others may pass. */
export type HttpFault = 'unknown-host' | 'certificate' | 'proxy' | 'timeout' | 'connection';

/** What went wrong, from the error that undici or the socket gave. Pure. */
export function describeFailure({
  error,
  host,
  proxy,
}: {
  error: unknown;
  host: string;
  /** The host that the connection led to in place of the engine's. */
  proxy?: string | undefined;
}): {
  fault: HttpFault;
  message: string;
} {
  const { code, status, hostname, proxy: tunnel } = readError(error);
  const via = tunnel ?? proxy;
  const peer = via === undefined ? host : `the proxy ${via}`;
  if (code === 'ENOTFOUND') {
    if (via !== undefined) return { fault: 'proxy', message: `the proxy has an unknown host, ${via}` };
    return { fault: 'unknown-host', message: `unknown host ${hostname ?? host}` };
  }
  if (code === 'PROXY_ANSWER') {
    // 4xx: the proxy asks for a password or forbids the address; 5xx: it could not reach the engine now, or is busy.
    const isRefusal = status !== undefined && status >= 400 && status <= 499 && !busyStatuses.has(status);
    const fault = isRefusal ? 'proxy' : 'connection';
    return { fault, message: `the proxy answered ${status ?? 'nothing'} to a tunnel to ${host}` };
  }
  if (certificateCodes.test(code)) {
    const message = `the certificate of ${peer} is not trusted (${code})`;
    if (via === undefined) return { fault: 'certificate', message };
    return { fault: 'proxy', message: `${message}; NODE_EXTRA_CA_CERTS may name its authority` };
  }
  const words = messages[code] ?? 'the connection to';
  const fault = timeoutCodes.has(code) ? 'timeout' : 'connection';
  return { fault, message: `${words} ${peer}${code in messages ? '' : ' failed'} (${code})` };
}

const messages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused by',
  ECONNRESET: 'connection reset by',
  EPIPE: 'connection closed by',
  UND_ERR_SOCKET: 'connection closed by',
  EAI_AGAIN: 'the name server did not answer for',
  ETIMEDOUT: 'no connection in time to',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time to',
  HPE_INVALID_CONSTANT: 'no HTTP in the reply from',
};

const busyStatuses = new Set([408, 425, 429]);
const timeoutCodes = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);

/** Node's names for certificates that do not verify (X509_V_ERR_… without its prefix, and its own). */
const certificateCodes =
  /^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/;

function readError(error: unknown): { code: string; status?: number; hostname?: string; proxy?: string } {
  if (typeof error !== 'object' || error === null) return { code: 'unknown' };
  const { code, status, hostname, proxy } = error as Record<string, unknown>;
  return {
    code: typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown',
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof hostname === 'string' ? { hostname } : {}),
    ...(typeof proxy === 'string' ? { proxy } : {}),
  };
}
