/**
 * Errors end a command; what can go wrong with one photo is an outcome and is returned, not thrown.
 * `code` is stable and may be relied on by scripts; `exitCode` is what the command line ends with.
 */
export class RollcallError extends Error {
  override readonly name: string = 'RollcallError';
  readonly code: string;
  readonly exitCode: number;

  constructor(code: string, message: string, options: { exitCode: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode;
  }
}

/** Wrong usage or settings: the message names the setting, row or file and what to do. Exit code 2. */
export class UsageError extends RollcallError {
  override readonly name = 'UsageError';

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { exitCode: 2, ...options });
  }
}

/** A fault of queue, state or program: the run can be resumed once it is fixed. Exit code 4. */
export class FaultError extends RollcallError {
  override readonly name = 'FaultError';

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { exitCode: 4, ...options });
  }
}
