import pg from 'pg';
import { enqueue, type GivenPhoto, openRollcall, RollcallError } from 'rollcall';

/**
 * An example for scripts: enqueue the result of an SQL query as one run, for `rollcall worker` to do.
 *
 *   DATABASE_URL=postgres://… ROLLCALL_ENGINE=ooto … node dist-scripts/scripts/examples/enqueue-query.js \
 *     "select id, photo_path as photo, updated_at as version, department from people where active"
 *
 * Columns: `id` and `photo` (an absolute path, `https://…` or `s3://…`), `template_id` and `version` if there are such;
 * every other column travels as metadata. Rows are fetched 1,000 at a time: the result may be of any size. Prints the
 * run's id.
 */
const [query] = process.argv.slice(2);
if (!query) throw new Error('Give the query as the first argument.');

async function* photosOf(client: pg.Client, sql: string): AsyncGenerator<GivenPhoto> {
  await client.query('BEGIN READ ONLY');
  await client.query(`DECLARE photos NO SCROLL CURSOR FOR ${sql}`);
  while (true) {
    const { rows } = await client.query<Record<string, unknown>>('FETCH 1000 FROM photos');
    if (rows.length === 0) return;
    for (const { id, photo, template_id, version, ...others } of rows) {
      yield {
        subjectId: textOf(id) ?? '',
        photo: textOf(photo) ?? '',
        ...(textOf(template_id) !== undefined && { templateId: String(template_id) }),
        ...(textOf(version) !== undefined && { version: textOf(version) as string }),
        metadata: Object.fromEntries(
          Object.entries(others).map(([name, value]) => [name, textOf(value) ?? '']),
        ),
      };
    }
  }
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return value instanceof Date ? value.toISOString() : String(value);
}

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
const rollcall = await openRollcall();
try {
  await client.connect();
  const { runId, count } = await enqueue(rollcall, photosOf(client, query));
  console.error(`${count} photos enqueued`);
  console.log(runId);
} catch (error) {
  if (!(error instanceof RollcallError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  await client.end();
  await rollcall.close();
}
