import { isUtf8 } from 'node:buffer';
import { namesThatComeTwice } from '../../util/names-that-come-twice.ts';
import { isRedacted } from '../../util/redact-address.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import { maxRowSizeInBytes } from './bounded-lines.ts';

/** What a line of a JSONL manifest says. */
export type JsonlRow =
  | { readonly kind: 'empty' }
  | { readonly kind: 'problem'; readonly problem: string }
  /** A report's line that is not listed again. */
  | { readonly kind: 'settled' }
  | {
      readonly kind: 'row';
      readonly isReport: boolean;
      readonly fields: JsonlFields;
      /** Why the line is no photo although its fields can be read. */
      readonly problem?: string;
    };

export interface JsonlFields {
  readonly subjectId: string | undefined;
  readonly photo: string | undefined;
  readonly templateId: string | undefined;
  readonly version: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Which lines of an earlier report are listed. */
export type Redrive = 'unsettled' | 'all';

/** How the lines of an earlier report are read. */
export interface ReportOptions {
  readonly redrive: Redrive;
  /** The template id that follows from a subject at the engine that the report names. */
  readonly templateIdOf: (named: { engine: string; subjectId: string }) => string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a line; never throws. `bytes` is absent for a line that is too long. */
export function readJsonlRow(bytes: Buffer | undefined, options: ReportOptions): JsonlRow {
  if (bytes === undefined) return problem(`is longer than ${maxRowSizeInBytes / 1024 / 1024} MiB`);
  if (!isUtf8(bytes)) return problem('is not valid UTF-8; save the list as UTF-8');
  const text = bytes.toString('utf8').trim();
  if (text === '') return { kind: 'empty' };
  const value = parseObject(text);
  if (value === undefined) return problem('is not a JSON object; one object a line is needed');
  const schema = value.schema;
  if (typeof schema !== 'string' || !schema.startsWith('rollcall.')) {
    return { kind: 'row', isReport: false, ...readManifestLine(value, namesThatComeTwice(text)) };
  }
  if (schema === reportSchema) return readReportLine(value, options);
  return problem(`has the schema ${JSON.stringify(schema.slice(0, 60))}, which this version does not know`);
}

const reportSchema = 'rollcall.report/1';
const unsettled: readonly unknown[] = ['rejected', 'failed', 'cancelled'];

function readReportLine(value: JsonObject, { redrive, templateIdOf }: ReportOptions): JsonlRow {
  if (redrive !== 'all' && !unsettled.includes(value.status)) return { kind: 'settled' };
  const fields: JsonlFields = {
    subjectId: toText(value.subjectId),
    photo: toText(value.photo),
    templateId: givenTemplateId(value, templateIdOf),
    version: toText(value.version),
    metadata: toMetadata(value.metadata),
  };
  const why = whyNotAgain(value, fields);
  return { kind: 'row', isReport: true, fields, ...(why !== undefined && { problem: why }) };
}

function whyNotAgain({ error }: JsonObject, { photo }: JsonlFields): string | undefined {
  if (photo !== undefined && isRedacted(photo))
    return 'names a photo whose address the report holds without its secret; list it from the manifest again';
  if (!isObject(error) || error.kind !== 'collision') return undefined;
  // Alone it would collide with nobody, and overwrite whom it collided with.
  return 'names a photo that collided with another one; give it an id of its own, in a list or with --id-from';
}

/** A report's template id, unless it follows from the subject: then it is left to the engine, which may be another one now. */
function givenTemplateId(
  { engine, subjectId, templateId }: JsonObject,
  templateIdOf: ReportOptions['templateIdOf'],
): string | undefined {
  if (typeof subjectId !== 'string' || typeof templateId !== 'string') return undefined;
  const own = templateIdOf({ engine: String(engine), subjectId });
  return isSameTemplate(own, templateId) ? undefined : templateId;
}

const names = {
  subjectId: ['subjectId', 'subject_id', 'id'],
  photo: ['photo'],
  templateId: ['templateId', 'template_id'],
  version: ['version'],
} as const;

/** A name that comes twice may be that of two photos, or of two people. */
function readManifestLine(
  value: JsonObject,
  twice: ReadonlySet<string>,
): { fields: JsonlFields; problem?: string } {
  const find = (field: keyof typeof names) => names[field].find((name) => isGiven(value[name]));
  const keys = [find('subjectId'), find('photo'), find('templateId'), find('version')] as const;
  const texts = keys.map((key) => (key === undefined ? undefined : toText(value[key])));
  const [subjectId, photo, templateId, version] = texts;
  const used = new Set<string | undefined>([...keys, 'metadata']);
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => !used.has(name)));
  const metadata = { ...toMetadata(others), ...toMetadata(value.metadata) };
  const fields = { subjectId, photo, templateId, version, metadata };
  const double = keys.find((key) => key !== undefined && twice.has(key));
  if (double !== undefined) return { fields, problem: `has ${JSON.stringify(double)} twice` };
  const wrong = keys.find((key, index) => key !== undefined && texts[index] === undefined);
  if (wrong === undefined) return { fields };
  return { fields, problem: `has a ${JSON.stringify(wrong)} that is neither text nor a whole number` };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A number too large to be read exactly would silently become another id. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Metadata is text; what is nested travels as JSON text. */
function toMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  const given = Object.entries(value).filter(([, item]) => isGiven(item));
  return Object.fromEntries(
    given.map(([name, item]) => [name, typeof item === 'string' ? item : JSON.stringify(item)]),
  );
}

function problem(text: string): JsonlRow {
  return { kind: 'problem', problem: text };
}
