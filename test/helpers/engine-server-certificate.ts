import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

/**
 * A key and a certificate that signs itself, for `localhost`, `127.0.0.1` and the names given, valid for an hour
 * either way, or around another time; as PEM. Written down byte by byte (X.509 in DER), so that the tests need no openssl and the project
 * holds no key.
 */
export function createTestCertificate(
  names: readonly string[] = [],
  aroundInMs = Date.now(),
): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hourInMs = 3_600_000;
  const name = sequence(set(sequence(oid('550403'), tagged(0x0c, Buffer.from('rollcall test')))));
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const alternatives = ['localhost', ...names].map((host) => tagged(0x82, Buffer.from(host)));
  const extensions = sequence(
    extension('551d13', sequence(tagged(0x01, Buffer.from([0xff])))),
    extension('551d11', sequence(...alternatives, tagged(0x87, Buffer.from([127, 0, 0, 1])))),
  );
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(aroundInMs - hourInMs), time(aroundInMs + hourInMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const certificate = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

/** One DER value: tag, length, content. */
function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x82]), length, content]);
}

function sequence(...contents: Buffer[]): Buffer {
  return tagged(0x30, ...contents);
}

function set(...contents: Buffer[]): Buffer {
  return tagged(0x31, ...contents);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function time(atInMs: number): Buffer {
  const text = new Date(atInMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x18, Buffer.from(text));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x04, value));
}
