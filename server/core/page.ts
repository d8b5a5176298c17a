import { BadCursor } from '../store/cursor.ts'
import { AppError } from './error.ts'

/** A list whose cursor came from a caller. @throws AppError PARAM_ERROR when it was not given out here. */
export async function paged<T>(list: Promise<T>): Promise<T> {
  try {
    return await list
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error
    throw new AppError('PARAM_ERROR', `cursor: ${error.message}`, { details: { fields: [{ path: 'cursor', problem: error.message }] } })
  }
}
