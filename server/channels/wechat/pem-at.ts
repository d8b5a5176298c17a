import { readFileSync } from 'node:fs'

/** What a name holds that usually names a file: an account in the store has no files, its PEM stands there itself. */
export function pemAt(pathOrPem: string): string {
  return pathOrPem.includes('-----BEGIN') ? pathOrPem.replaceAll('\\n', '\n') : readFileSync(pathOrPem, 'utf8')
}
