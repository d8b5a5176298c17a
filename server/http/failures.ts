import type { z } from 'zod'
import { errorCodes } from '../../shared/kernel/codes.ts'
import type { Language } from '../../shared/kernel/words.ts'
import { AppError } from '../core/error.ts'

export type FieldProblem = { readonly path: string; readonly problem: string }

/** Members whose value is a credential or says who somebody is: an answer, which may be logged anywhere, does not repeat it. */
const secretMembers: ReadonlySet<PropertyKey> = new Set(['code', 'authCode', 'openid'])
/** Problems told of one input; a flood of unknown members is not sent back. */
const maxProblems = 20
const maxNameLetters = 60
const maxValueLetters = 40

/** The body of a failure, with its status. */
export type FailureAnswer = {
  readonly status: number
  readonly body: { success: false; error: string; code: string; details: Record<string, unknown>; requestId: string }
  readonly retryAfterSeconds: number | undefined
}

const troubleSeconds = 2

/** Makes words of a refusal, last and in the reader's language. */
export function failureAnswer(error: AppError, { language, requestId }: { language: Language; requestId: string }): FailureAnswer {
  const { code, status, details, hint, retryAfterSeconds } = error
  const body = {
    success: false as const,
    error: hint?.[language] ?? error.message,
    code,
    details: { ...details, ...(hint === undefined ? {} : { hint }) },
    requestId,
  }
  // What is wrong here passes as a rule: whoever asks again at once makes it worse.
  return { status, body, retryAfterSeconds: retryAfterSeconds ?? (status >= 500 ? troubleSeconds : undefined) }
}

/** What is answered to an error: itself; what Koa refuses (an address that cannot be decoded) in words for clients; a mistake of ours. */
export function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  const isClientError = typeof error === 'object' && error !== null && 'expose' in error && error.expose === true && 'status' in error
  return isClientError
    ? new AppError('INVALID_REQUEST', 'the request cannot be read', { status: Number(error.status), cause: error })
    : systemError()
}

/** A mistake of ours: its words stay in the log. */
export function systemError(): AppError {
  return new AppError('SYSTEMERROR', 'something went wrong on this server; the request id finds it in the log')
}

/** All that is wrong with an input, at once, each with its full path. */
export function inputProblem(issues: readonly z.core.$ZodIssue[], input: unknown): AppError {
  const all = issues.flatMap((issue) => problemsOf(issue, input))
  const fields = all.slice(0, maxProblems)
  const more = all.length - fields.length
  const sentences = fields.map(({ path, problem }) => `${path} ${problem}`)
  if (more > 0) sentences.push(`and ${more} more`)
  return new AppError('PARAM_ERROR', sentences.join('; '), { details: { fields, ...(more === 0 ? {} : { more }) } })
}

/** As {@link inputProblem}, for a single field. */
export function fieldProblem(
  path: string,
  problem: string,
  code: 'PARAM_ERROR' | 'INVALID_REQUEST' = 'PARAM_ERROR',
  status: number = errorCodes[code],
): AppError {
  return new AppError(code, `${path} ${problem}`, { details: { fields: [{ path, problem }] }, status })
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown): FieldProblem[] {
  const path = pathText(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), problem: 'is not a member this takes' }))
  const value = valueAt(input, issue.path)
  if (value === undefined) return [{ path, problem: 'is missing' }]
  const isSecret = issue.path.some((step) => secretMembers.has(step))
  return [{ path, problem: isSecret ? `is not taken; ${remedy(issue)}` : `is ${shown(value)}; ${remedy(issue)}` }]
}

function remedy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`
    case 'invalid_type':
      return `it has to be ${issue.expected === 'int' ? 'a whole number' : `${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`}`
    case 'invalid_key':
      return `its name has to have another form${issue.issues[0] === undefined ? '' : `: ${remedy(issue.issues[0])}`}`
    default:
      return issue.message.startsWith('Invalid') ? 'it has another form' : `it ${issue.message}`
  }
}

function unitOf(origin: string, count: number | bigint): string {
  if (origin !== 'string' && origin !== 'array') return ''
  return ` ${origin === 'string' ? 'character' : 'member'}${Number(count) === 1 ? '' : 's'}`
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${cut(String(step), maxNameLetters)}`))
    .join('')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined), input)
}

/** A value as a caller sees it in the answer; long and nested ones are not repeated. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : `"${cut(value, maxValueLetters)}"`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

/** Never in the middle of a character: what is left has to be text. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}…`
}
