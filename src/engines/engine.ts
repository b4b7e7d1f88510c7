import type { PhotoFormat, PhotoRules } from '../photos/photo.ts';

/**
 * The room `engines`: the services that enroll faces. This file is the contract that the core knows; `registry.ts` makes
 * an engine by its name, and each engine is one file beside it (docs/engines.md says how to add one).
 *
 * One face-recognition service. Retry, pace and logging belong to the core, not to an adapter.
 */
export interface Engine {
  readonly name: string;
  /** Which photos it takes as they are. */
  readonly accepts: PhotoRules;
  /** The checks that it can be asked for. */
  readonly checks: readonly CheckName[];
  /** The template id sent where the manifest gives none: the same subject always gets the same id. */
  templateIdFor(subjectId: string): string;
  /** One call of the enroll endpoint. Resolves for every reply and every network error; never rejects but on abort. */
  enroll(request: EnrollRequest): Promise<EngineReply>;
  /** Optional: whether what a run's settings ask of it goes together. @throws UsageError that names the settings */
  checkSettings?(settings: object): void;
  /** Optional capability: as `enroll`, of a photo that the engine fetches itself. */
  enrollAddress?(request: EnrollAddressRequest): Promise<EngineReply>;
  /** Of an engine that has it: the key of the setting by which a run asks for `enrollAddress`; undefined: it does not. */
  sendsAddressesBy?(settings: object): string | undefined;
  /** How its similarities are to be read; of an engine that identifies or verifies. */
  readonly similarity?: SimilarityScale;
  /** Optional capability: one call that finds the template most like a photo; as `enroll` in everything else. */
  identify?(request: IdentifyRequest): Promise<IdentifyReply>;
  /** Optional capability: one call that compares a photo with a template that is stored; as `enroll` in everything else. */
  verify?(request: VerifyRequest): Promise<VerifyReply>;
  /** Optional capability: one call that deletes a template; as `enroll` in everything else. */
  deleteTemplate?(request: DeleteRequest): Promise<DeleteReply>;
  /** Optional capability: one call that stores nothing and shows whether address and credentials are right. */
  checkAccount?(signal: AbortSignal): Promise<AccountCheck>;
  close(): Promise<void>;
}

export type CheckName = 'liveness' | 'deepfake';

/**
 * `undecided`: what came in place of an answer of the engine, which shows nothing of the account: it did not answer, asks
 * for fewer calls, or was not reached at all.
 */
export type AccountCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly undecided?: NoAnswer };

export type NoAnswer = UnavailableReply | ThrottledReply | RefusedReply;

interface CallRequest {
  readonly signal: AbortSignal;
  /** Called at the moment the request's head is written to the socket; not called if it never was. */
  readonly onSent: () => void;
}

interface PhotoRequest extends CallRequest {
  /** The body of the photo, in a format and size that the engine takes, unless the user wants no preparation. */
  readonly photo: Buffer;
  readonly format: PhotoFormat;
  readonly checks: { readonly liveness: boolean; readonly deepfake: boolean };
}

export interface EnrollRequest extends PhotoRequest, Enrollment {}

export interface EnrollAddressRequest extends CallRequest, Enrollment {
  /** `https://…`, perhaps with a signature that gives access to the photo: a secret. */
  readonly address: string;
  readonly checks: PhotoRequest['checks'];
}

interface Enrollment {
  readonly templateId: string;
  /** The settings of the run, of which an adapter reads its own; absent: their defaults. */
  readonly settings?: object | undefined;
}

export interface IdentifyRequest extends PhotoRequest {
  /** From which similarity on a template counts as a match, for engines that name none below it. */
  readonly threshold: number;
}

export interface VerifyRequest extends PhotoRequest {
  readonly templateId: string;
  readonly threshold: number;
}

/** Similarities go from 0 to `most`; from `match` on two photos count as one person's, where the user says nothing else. */
export interface SimilarityScale {
  readonly most: 1 | 100;
  readonly match: number;
}

export interface DeleteRequest extends CallRequest {
  readonly templateId: string;
}

/**
 * An engine's reply, decided once from status and body together. The core acts on `kind` and knows no engine.
 * Messages are cut short and never hold a credential or a photo.
 */
export type EngineReply = EnrolledReply | FailedReply;
export type IdentifyReply = IdentifiedReply | FailedReply;
export type VerifyReply = VerifiedReply | FailedReply;
export type DeleteReply = DeletedReply | FailedReply;
/** Of any call: what the account's rate limiter and circuit breaker learn from. */
export type CallReply = EngineReply | IdentifyReply | VerifyReply | DeleteReply;
/** What any call may end in instead of its success. */
export type FailedReply = RejectedReply | UnavailableReply | ThrottledReply | RefusedReply;

/** The engine stored a template. */
export interface EnrolledReply {
  readonly kind: 'enrolled';
  readonly httpStatus: number;
  readonly templateId: string;
  /**
   * The id that the reply names, where that is another than the one that was sent and the engine has no ids of its own:
   * `templateId` is what was sent then, and the reply is suspect.
   */
  readonly namedInstead?: string;
  readonly transactionId?: string;
  readonly checks?: Readonly<
    Record<string, { readonly score: number | null; readonly fine: boolean | null }>
  >;
  readonly quality?: Readonly<Record<string, unknown>>;
  readonly face?: Readonly<Record<string, unknown>>;
}

/** The engine looked for the face among its templates. */
export interface IdentifiedReply {
  readonly kind: 'identified';
  readonly httpStatus: number;
  readonly transactionId?: string;
  /** The most similar template; absent: the engine names none. Below the threshold some engines name one, others none. */
  readonly match?: Match;
}

export interface Match {
  readonly templateId: string;
  /** In the engine's own scale. */
  readonly similarity: number;
}

/** The engine compared the face with the stored template. */
export interface VerifiedReply {
  readonly kind: 'verified';
  readonly httpStatus: number;
  readonly transactionId?: string;
  /** `other`: the template shows somebody else, by the threshold; `no-template`: there is none under this id. */
  readonly result: 'same' | 'other' | 'no-template';
  readonly similarity?: number;
}

/** The engine holds the template no more. */
export interface DeletedReply {
  readonly kind: 'deleted';
  readonly httpStatus: number;
  /** False where the engine had no such template. */
  readonly existed: boolean;
  readonly transactionId?: string;
}

/** The engine's verdict on this photo; never retried. */
export interface RejectedReply {
  readonly kind: 'rejected';
  readonly httpStatus: number;
  /** The engine's own code, as a string. */
  readonly code: string;
  readonly message: string;
  readonly reasons: readonly string[];
  readonly transactionId?: string;
  readonly stored: 'no' | 'unknown';
  /** The engine's pages do not know the code: it may be about the account as well. */
  readonly isUndocumented?: true;
}

/** 5xx, network, timeout, a reply that cannot be read: retried. */
export interface UnavailableReply {
  readonly kind: 'unavailable';
  readonly httpStatus?: number;
  readonly message: string;
  /** False if the request cannot have reached the engine, so that nothing can have been stored. */
  readonly sent: boolean;
  /** When the engine said that it will be back: until then nobody calls, and no photo is charged. */
  readonly retryAfterInMs?: number;
}

/** 429, or the engine's own way to say it: the whole account slows down. */
export interface ThrottledReply {
  readonly kind: 'throttled';
  readonly httpStatus: number;
  readonly message: string;
  readonly retryAfterInMs?: number;
}

/** The account is at fault, not the photo. */
export interface RefusedReply {
  readonly kind: 'refused';
  /** False where one reply is no proof (403, 404, unknown host): see `account/whose-fault.ts`. */
  readonly certain: boolean;
  readonly httpStatus?: number;
  readonly message: string;
  /** What the user has to fix; names the setting. */
  readonly fix: string;
}

/** Why an engine would refuse a photo, as the local face models see it. */
export type PhotoFault = 'undecodable' | 'no-face' | 'several-faces' | 'face-too-small';

/** What an engine would say of a photo, in its own code. */
export interface ForeseenVerdict {
  readonly code: string;
  readonly message: string;
  readonly reasons?: readonly string[];
}
