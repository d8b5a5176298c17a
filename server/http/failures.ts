import type { z } from 'zod'
import { errorCodes } from '../../shared/kernel/codes.ts'
import type { Language } from '../../shared/kernel/words.ts'
import { AppError } from '../core/error.ts'

export type FieldProblem = { readonly path: string; readonly problem: string }

/** The body of a failure, with its status. */
export type FailureAnswer = {
  readonly status: number
  readonly body: { success: false; error: string; code: string; details: Record<string, unknown>; requestId: string }
  readonly retryAfterSeconds: number | undefined
}

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
  return { status, body, retryAfterSeconds }
}

/** A mistake of ours: its words stay in the log. */
export function systemError(): AppError {
  return new AppError('SYSTEMERROR', 'something went wrong on this server; the request id finds it in the log')
}

/** All that is wrong with an input, at once, each with its full path. */
export function inputProblem(issues: readonly z.core.$ZodIssue[], input: unknown): AppError {
  const fields = issues.flatMap((issue) => problemsOf(issue, input))
  const sentence = fields.map(({ path, problem }) => `${path} ${problem}`.trim()).join('; ')
  return new AppError('PARAM_ERROR', sentence, { details: { fields } })
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
    return issue.keys.map((key) => ({ path: path === 'body' ? key : `${path}.${key}`, problem: 'is not a member this takes' }))
  const value = valueAt(input, issue.path)
  if (value === undefined) return [{ path, problem: 'is missing' }]
  return [{ path, problem: `is ${shown(value)}; ${remedy(issue)}` }]
}

function remedy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'string'
        ? `at least ${issue.minimum} character${issue.minimum === 1 ? '' : 's'}`
        : `at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string' ? `at most ${issue.maximum} characters` : `at most ${issue.maximum}`
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`
    case 'invalid_type':
      return `it has to be ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`
    default:
      return issue.message.startsWith('Invalid') ? 'it has another form' : `it ${issue.message}`
  }
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`)).join('')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined), input)
}

/** A value as a caller sees it in the answer; long and nested ones are not repeated. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : `"${value.slice(0, 40)}${value.length > 40 ? '…' : ''}"`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
