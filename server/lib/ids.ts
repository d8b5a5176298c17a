import type { Runtime } from './runtime.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeLetters = 10
const chanceBytes = 16

/**
 * An id of ours: a prefix that says of what, ten letters of time, so that ids sort by it, and 16 random letters (80 bits), so that
 * none can be guessed.
 */
export function newId(runtime: Pick<Runtime, 'now' | 'randomBytes'>, prefix: string): string {
  let chance = ''
  for (const byte of runtime.randomBytes(chanceBytes)) chance += alphabet[byte % 32]
  return `${prefix}_${lettersOf(runtime.now())}${chance}`
}

/** Sorts before every id of that prefix made from that moment on, and behind those made before. */
export function idsFrom(prefix: string, ms: number): string {
  return `${prefix}_${lettersOf(Math.max(0, ms))}`
}

function lettersOf(ms: number): string {
  let rest = ms
  let letters = ''
  for (let place = 0; place < timeLetters; place++) {
    letters = alphabet[rest % 32] + letters
    rest = Math.floor(rest / 32)
  }
  return letters
}
