import { createHash } from 'node:crypto';
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  type NodeTracerConfig,
  NodeTracerProvider,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-node';
import type { Span, SpanAttributes, TracedPhoto, Tracing } from '../../util/span.ts';
import { withinTime } from '../../util/time-limit.ts';

/** For one batch, and for the last one: a collector that is away does not hold up who leaves. */
const sentWithinInMs = 3_000;

/**
 * Traces of photos, sent to a collector by OTLP over HTTP, in batches and beside the work. It registers nothing with
 * OpenTelemetry's globals, which belong to the program that this one may be a part of.
 */
export function openTracing({
  url,
  serviceName = 'rollcall',
  withSubjects,
}: {
  url: string;
  serviceName?: string | undefined;
  /** `--trace-subjects`. */
  withSubjects: boolean;
}): Tracing {
  const ids = createIds();
  const provider = new NodeTracerProvider({
    idGenerator: ids.generator,
    resource: resourceOf({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: sentWithinInMs }))],
  });
  const tracer = provider.getTracer('rollcall');
  const attributesOf = ({ run, seq, subjectId, photo }: TracedPhoto) =>
    named({ run, seq, ...(withSubjects && { subject: subjectId, photo }) });
  return {
    queued(photo) {
      const options = { kind: SpanKind.PRODUCER, root: true, attributes: attributesOf(photo) };
      const span = ids.of(photo, () => tracer.startSpan('photo', options));
      span.end();
      return writeTraceparent(span.spanContext());
    },
    work(photo) {
      const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(photo) };
      return openSpan(tracer, { name: 'work', options, parent: contextOf(photo.traceparent) });
    },
    async close() {
      const sent = provider.shutdown().catch(() => undefined);
      await withinTime(sent, { limitInMs: sentWithinInMs, whenLate: () => undefined });
    },
  };
}

/** Random ids, but for a photo's first span: a photo that is queued again, by whomever, goes on in the trace that it has. */
function createIds() {
  const random = new RandomIdGenerator();
  let given: { traceId: string; spanId: string } | undefined;
  return {
    generator: {
      generateTraceId: () => given?.traceId ?? random.generateTraceId(),
      generateSpanId: () => given?.spanId ?? random.generateSpanId(),
    },
    of<Result>({ run, seq }: TracedPhoto, start: () => Result): Result {
      const hash = createHash('sha256').update(`${run}/${seq}`).digest('hex');
      given = { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
      try {
        return start();
      } finally {
        given = undefined;
      }
    },
  };
}

function openSpan(
  tracer: Tracer,
  { name, options, parent }: { name: string; options?: Parameters<Tracer['startSpan']>[1]; parent: Context },
): Span {
  const span = tracer.startSpan(name, options, parent);
  return {
    begin: (child) => openSpan(tracer, { name: child, parent: trace.setSpan(ROOT_CONTEXT, span) }),
    end(attributes = {}) {
      span.setAttributes(named(attributes));
      span.end();
    },
  };
}

const named = (attributes: SpanAttributes) =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`rollcall.${name}`, value]));

const writeTraceparent = ({ traceId, spanId, traceFlags }: SpanContext) =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

/** Of what cannot be read, or was queued without a trace, the trace begins here. */
function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId, isRemote: true },
    traceFlags: Number.parseInt(flags, 16),
  });
}

/** The SDK's own would hold the path of the program that runs. */
function resourceOf(attributes: Record<string, string>): NonNullable<NodeTracerConfig['resource']> {
  return {
    attributes,
    merge() {
      return this;
    },
    getRawAttributes: () => Object.entries(attributes),
  };
}
