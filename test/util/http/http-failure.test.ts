import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../src/util/http/http-failure.ts';

const host = 'engine.example:443';
const failureOf = (error: unknown) => describeFailure({ error, host });

describe('a call without a complete reply', () => {
  it.each([
    ...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CERT_UNTRUSTED', 'CERT_REJECTED'],
    ...['CERT_SIGNATURE_FAILURE', 'CERT_CHAIN_TOO_LONG', 'CRL_HAS_EXPIRED', 'CRL_NOT_YET_VALID'],
    ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ...['UNABLE_TO_GET_CRL', 'UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
    ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'INVALID_CA', 'INVALID_PURPOSE'],
    ...['PATH_LENGTH_EXCEEDED', 'HOSTNAME_MISMATCH', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('is one of the certificate by Node’s %s', (code) => {
    const message = `the certificate of ${host} is not trusted (${code})`;
    expect(failureOf({ code })).toEqual({ fault: 'certificate', message });
  });

  it.each([
    ['ENOTFOUND', 'unknown-host'],
    ['EAI_AGAIN', 'connection'],
    ['EAI_FAIL', 'connection'],
    ['ECONNREFUSED', 'connection'],
    ['EHOSTUNREACH', 'connection'],
    ['ENETDOWN', 'connection'],
    ['EPROTO', 'connection'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'connection'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'connection'],
    ['UND_ERR_HEADERS_OVERFLOW', 'connection'],
    ['HPE_UNEXPECTED_CONTENT_LENGTH', 'connection'],
    ['EMFILE', 'connection'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ])('by %s is a fault of the %s', (code, fault) => {
    const failure = failureOf({ code });
    expect(failure.fault).toBe(fault);
    expect(failure.message).toContain(host);
  });

  it.each([
    [401, 'proxy'],
    [403, 'proxy'],
    [407, 'proxy'],
    [408, 'connection'],
    [425, 'connection'],
    [429, 'connection'],
    [302, 'connection'],
    [500, 'connection'],
    [undefined, 'connection'],
  ])('by a proxy that answers %s', (status, fault) => {
    const message = `the proxy answered ${status ?? 'nothing'} to a tunnel to ${host}`;
    expect(failureOf({ code: 'PROXY_ANSWER', status })).toEqual({ fault, message });
  });

  it.each([
    ['ENOTFOUND', 'proxy', 'the proxy has an unknown host, proxy.example:3128'],
    [
      'CERT_HAS_EXPIRED',
      'proxy',
      'the certificate of the proxy proxy.example:3128 is not trusted (CERT_HAS_EXPIRED); NODE_EXTRA_CA_CERTS may name its authority',
    ],
    ['ECONNREFUSED', 'connection', 'connection refused by the proxy proxy.example:3128 (ECONNREFUSED)'],
    ['ETIMEDOUT', 'timeout', 'no connection in time to the proxy proxy.example:3128 (ETIMEDOUT)'],
    ['EPROTO', 'connection', 'the connection to the proxy proxy.example:3128 failed (EPROTO)'],
  ])('by %s on the way to a proxy is the proxy’s', (code, fault, message) => {
    const proxy = 'proxy.example:3128';
    expect(failureOf({ code, proxy })).toEqual({ fault, message });
    expect(describeFailure({ error: { code }, host, proxy })).toEqual({ fault, message });
  });

  it.each([undefined, null, 'canary', {}, { code: 7 }, { code: 'canary key' }, new Error('canary')])(
    'of %o repeats nothing that it holds',
    (error) => {
      const message = `the connection to ${host} failed (unknown)`;
      expect(failureOf(error)).toEqual({ fault: 'connection', message });
    },
  );
});
