import type { Secret } from './secret.ts'

/**
 * The environment as config/ hands it to those who own some of its names. A name is read with its `_FILE` variant; blank counts as
 * absent; a problem is collected, not thrown, so that all of them are told at once.
 */
export type Settings = {
  text(name: string): string | undefined
  secret(name: string): Secret | undefined
  /** Makes a secret of a text that comes from elsewhere: the log is told never to show it. */
  seal(value: string): Secret
  /** Says what is wrong with a name, in a sentence, with an example of a right value. */
  refuse(name: string, problem: string, example: string): void
}
