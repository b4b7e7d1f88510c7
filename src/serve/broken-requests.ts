import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemWith } from './problem.ts';

type BrokenRequest = Error & { readonly code?: string };

/**
 * What is no HTTP breaks off its connection, but not the answers to whole requests before it: who is told that a request was
 * not understood must not find that it was done.
 */
export function createBrokenRequests() {
  const unanswered = new WeakMap<Socket, Map<IncomingMessage, ServerResponse>>();
  return {
    /** For the server's event `request`. */
    note(request: IncomingMessage, response: ServerResponse): void {
      const { socket } = request;
      const ofSocket = unanswered.get(socket) ?? new Map<IncomingMessage, ServerResponse>();
      unanswered.set(socket, ofSocket.set(request, response));
      response.once('close', () => ofSocket.delete(request));
    },
    /** For its event `clientError`. */
    answer(error: BrokenRequest, socket: Socket): void {
      const refuse = () => {
        if (socket.writable) socket.write(refusal(error));
        socket.destroy(error);
      };
      if (error.code === 'ECONNRESET' || socket.destroyed) return;
      const whole = [...(unanswered.get(socket) ?? [])].filter(([request]) => request.complete);
      const [, last] = whole.at(-1) ?? [];
      // Answers are sent in the order of their requests.
      if (last) last.once('close', refuse);
      else refuse();
    },
  };
}

function refusal({ code }: BrokenRequest): string {
  const problem =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? problemWith(408, 'too-slow', 'The request was not whole in time.')
      : code === 'HPE_HEADER_OVERFLOW'
        ? problemWith(431, 'too-large', 'The headers are too large.')
        : problemWith(400, 'bad-http', 'What was sent is no HTTP.');
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...['Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`],
    ...['Cache-Control: no-store', 'Connection: close', '', body],
  ].join('\r\n');
}
