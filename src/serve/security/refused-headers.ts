import type { FastifyInstance } from 'fastify';
import { ProblemError, tooLarge } from '../problem.ts';

/** Headers that would change what a request means, and that nothing here heeds: passed over they would be a false yes. */
export function refuseHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers, method, routeOptions: { bodyLimit } }) => {
    // A form is read as it comes: this one is not begun.
    if (Number(headers['content-length'] ?? 0) > bodyLimit) throw tooLarge(bodyLimit);
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new ProblemError(415, 'encoded', 'Send it without a Content-Encoding: nothing is unpacked here.');
    const { 'if-match': match = '*', 'if-unmodified-since': since } = headers;
    if (method !== 'GET' && method !== 'HEAD' && (match !== '*' || since !== undefined))
      throw new ProblemError(
        412,
        'no-versions',
        'Answers have no ETag here, so no condition can be met: send it without If-Match and If-Unmodified-Since.',
      );
  });
}
