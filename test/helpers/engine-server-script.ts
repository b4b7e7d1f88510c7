/**
 * What the engine server answers to one photo: steps with `+` between them, each `name`, `name:value` and a number
 * of times `xN`; the last step goes on for ever, and after a last step with `xN` comes `ok`.
 * `503x2`: HTTP 503 twice, then ok. `429:after=2x1`: HTTP 429 once with `Retry-After: 2`. `code-5`: the documented
 * code. `reset-after+500`: once a lost connection, then 500 for ever. `#label` at the end means nothing, but makes
 * two scripts different. Calls are counted for each template id and script. In a photo's tag a script for `/identify`
 * may follow behind an `@`: `ok@503x2`.
 */
export interface Step {
  readonly name: StepName;
  readonly option?: string;
  readonly value?: number;
  readonly times: number;
}

/**
 * ok                 200 in the shape of the page's sample        ok-nested    200 with result.enroll.templateId
 * ok-other-id        200 with another template id than sent       ok-no-id     200 without any template id
 * ok-former-id       200 with the id of the photo before         ok-first-id  200 with the id of the first photo, for all
 * not-live, not-deep 200 with liveness or deepfake `fine: false`  no-json      200, a web page (text/html)
 * code-N             400 with this code, documented or not        ok-code-N    200 with an error body of this code
 * echo               400, unknown code, the credentials in the info; echo-503: a 503 with them
 * says               400 with a text of hostile-texts.ts as code and info, `text=N`; says-503: a 503 with it
 * says-id            200 with such a text as the template id
 * accepted           202 as if it were a success                  deep         a success with an error 100,000 levels deep
 * nuls               a success behind a megabyte of NULs
 * NNN                any HTTP status with a small JSON body; 429 and 503 with `after=seconds` or `date=seconds`
 * html-NNN           any HTTP status with a web page
 * redirect           302 to the same address                      huge         200 with 2 MiB of JSON
 * reset-before       reset before the body is read (*)            reset-after  reset after the body is read
 * cut-length         half the JSON, then the connection ends      cut-json     half the JSON, as if it were whole
 * silent             never an answer                              endless      a body without end
 * dribble            a byte every 50 ms without end               slow         ok after `ms=N`
 * (*) the template id is not known by then: counted for the script alone, and only from a photo's tag or a mode.
 */
export type StepName = string;

export function parseScript(script: string): Step[] {
  return script
    .replace(/#.*$/, '')
    .split('+')
    .map((text) => {
      const [, name, option, value, times] =
        /^([a-z0-9-]+?)(?::([a-z]+)=(\d+))?(?:x(\d+))?$/.exec(text) ?? [];
      if (name === undefined) throw new Error(`no step of a script: "${text}"`);
      return {
        name,
        ...(option === undefined ? {} : { option, value: Number(value) }),
        times: times === undefined ? 1 : Number(times),
      };
    });
}

/** The step of call number `index` (from 0) of a photo. */
export function stepAt(script: string, index: number): Step {
  const steps = parseScript(script);
  let past = 0;
  for (const step of steps) {
    past += step.times;
    if (index < past) return step;
  }
  const last = steps.at(-1);
  return last === undefined || /x\d+(#.*)?$/.test(script) ? { name: 'ok', times: 1 } : last;
}
