import { createRequire } from 'node:module';
import { UsageError } from '../../util/errors.ts';

/** Optional peer dependencies, with the versions that package.json names: they are needed for traces only. */
const packages: Readonly<Record<string, string>> = {
  '@opentelemetry/api': '1',
  '@opentelemetry/sdk-trace-node': '2',
  '@opentelemetry/exporter-trace-otlp-http': '0.218',
};

/**
 * Where spans are sent, by the variables that OpenTelemetry defines; undefined: nowhere.
 * @throws UsageError that says what to install where the packages for it are missing
 */
export function findTraceEndpoint(
  environment: Readonly<Record<string, string | undefined>>,
  from: string | URL = import.meta.url,
): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: shared } = environment;
  if ((!own && !shared) || environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  const missing = Object.keys(packages).filter((name) => !isInstalled(createRequire(from), name));
  if (missing.length > 0) {
    const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    throw new UsageError(
      'trace-packages',
      `OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages for traces are not installed (${missing.join(', ')}): npm install ${wanted.join(' ')}`,
    );
  }
  return own || `${shared?.replace(/\/+$/, '')}/v1/traces`;
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
