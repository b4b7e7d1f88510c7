/** What a span is about: numbers and words of our own. Never a subject, a path, a key, or what somebody else said. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A part of the time that a photo takes. */
export interface Span {
  /** Begins a part of this part. */
  begin(name: string): Span;
  end(attributes?: SpanAttributes): void;
}

/** Does something in a span of its own, if there is one that it can be a part of. */
export function inSpan<Result>(
  parent: Span | undefined,
  name: string,
  action: () => Promise<Result>,
): Promise<Result> {
  if (!parent) return action();
  const span = parent.begin(name);
  return action().finally(() => span.end());
}

/** A photo as its trace names it. */
export interface TracedPhoto {
  readonly run: string;
  readonly seq: number;
  /** Both only with `--trace-subjects`. */
  readonly subjectId: string;
  readonly photo: string;
  /** The W3C `traceparent` of the span in which it was queued. */
  readonly traceparent?: string | undefined;
}

/** One trace a photo, whichever processes have it in their hands. */
export interface Tracing {
  /** The photo is queued: its trace begins. Gives the `traceparent` that goes along with it. */
  queued(photo: TracedPhoto): string;
  /** A worker has taken it. */
  work(photo: TracedPhoto): Span;
  /** Sends what was not sent yet. */
  close(): Promise<void>;
}
