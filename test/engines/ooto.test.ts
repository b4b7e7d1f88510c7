import { createEngine } from '../../src/engines/registry.ts';
import { describeEngine } from '../conformance/engine-conformance.ts';
import { startEngineServer } from '../helpers/engine-server.ts';

const credentials = { appId: 'canary-id/47+11', appKey: 'canary-key/08=15&?' };

describeEngine({
  name: 'ooto',
  startServer: () => startEngineServer({ credentials }),
  createEngine: (url, { timeoutInMs }) =>
    createEngine({
      name: 'ooto',
      url,
      environment: { OOTO_APP_ID: credentials.appId, OOTO_APP_KEY: credentials.appKey },
      timeoutInMs,
      concurrency: 4,
    }).engine,
  secrets: Object.values(credentials),
});
