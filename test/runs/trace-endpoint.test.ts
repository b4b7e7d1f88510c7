import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findTraceEndpoint } from '../../src/runs/tracing/trace-packages.ts';

it.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318' }, 'http://otel:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318/' }, 'http://otel:4318/v1/traces'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://own/x' },
    'http://own/x',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
])('with %j traces are sent to %s', (environment, url) => {
  expect(findTraceEndpoint(environment)).toBe(url);
});

it('says what to install where the packages are missing, and only to who wants traces', () => {
  const elsewhere = join('/', 'nowhere', 'x.js');
  expect(findTraceEndpoint({}, elsewhere)).toBeUndefined();
  expect(() => findTraceEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318' }, elsewhere)).toThrow(
    /npm install @opentelemetry\/api@1 @opentelemetry\/sdk-trace-node@2 @opentelemetry\/exporter-trace-otlp-http@/,
  );
});
