import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/**
 * undici (7.30.2) ends a connection on which "100 Continue" comes, also one that is only an interim reply: the request
 * would count as lost, though the engine has stored the photo. So these heads are taken out of what the socket gives.
 * They can only stand before a reply, and a reply begins after something was written: undici writes a request in one go,
 * and sends no second one on a connection before the first is answered (`pipelining: 1`).
 */
export function passOverContinue(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) =>
    connect(target, (...[error, socket]) => {
      if (error) callback(error, null);
      else callback(null, filtered(socket));
    });
}

function filtered<Connection extends Socket>(socket: Connection): Connection {
  const [read, write] = [socket.read, socket.write];
  /** What came of a reply while it may be a "100 Continue"; undefined: it is past that. */
  let start: Buffer | undefined;
  socket.write = function (this: Connection, ...args: unknown[]) {
    start ??= Buffer.alloc(0);
    return Reflect.apply(write, socket, args);
  } as Connection['write'];
  socket.read = (size?: number) => {
    while (true) {
      const chunk: Buffer | null = read.call(socket, size);
      if (start === undefined || chunk === null) return chunk;
      start = afterContinue(Buffer.concat([start, chunk]));
      if (mayBeContinue(start)) continue;
      const rest = start;
      start = undefined;
      return rest;
    }
  };
  return socket;
}

const longestHeadInBytes = 16 * 1024;

/** Without all that is a whole interim reply with the status 100. */
function afterContinue(bytes: Buffer): Buffer {
  let rest = bytes;
  while (continueStart.test(rest.subarray(0, 12).toString('latin1'))) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return rest;
    rest = rest.subarray(end + 4);
  }
  return rest;
}

const continueStart = /^HTTP\/1\.[01] 100/;

/** Whether more bytes are needed to know. */
function mayBeContinue(bytes: Buffer): boolean {
  if (bytes.length > longestHeadInBytes) return false;
  const text = bytes.subarray(0, 12).toString('latin1');
  return continueStart.test(text) || ['HTTP/1.1 100', 'HTTP/1.0 100'].some((head) => head.startsWith(text));
}
