import { GenericContainer, Wait } from 'testcontainers';

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A store that was started, and keys if it takes no others. */
export type StartedStore = { readonly endpoint: string; close(): Promise<void> } & Partial<S3Keys>;

const port = 8080;
const accessKeyId = 'test:tester';
const secretAccessKey = 'testing';

/**
 * OpenStack Swift with its S3 interface, in a container of its own: another store than the one that tests use
 * otherwise, and one that checks signatures. `npm run test:swift` builds its image (swift/Dockerfile).
 */
export async function startSwiftServer(): Promise<StartedStore> {
  const container = await new GenericContainer('rollcall-test-swift')
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/info', port))
    .start();
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(port)}`;
  return { endpoint, accessKeyId, secretAccessKey, close: async () => void (await container.stop()) };
}
