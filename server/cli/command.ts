import type { ParseArgsConfig } from 'node:util'
import type { Words } from '../../shared/kernel/codes.ts'
import type { Language } from '../../shared/kernel/words.ts'
import type { Environment } from '../config/environment.ts'
import type { Runtime } from '../lib/runtime.ts'

/** What a command takes from outside of itself; `main.ts` hands in the process. */
export type Outside = {
  readonly environment: Environment
  readonly runtime: Runtime
  say(text: string): void
  complain(text: string): void
  /** Resolves when somebody wants a command to end that would go on for ever. */
  untilTold(): Promise<void>
}

/** A command as it was typed, its options read. */
export type Call = {
  /** Name of the command. */
  readonly name: string
  /** It changes something: what it did is written down. */
  readonly isActing: boolean
  readonly words: readonly string[]
  readonly language: Language
  readonly outside: Outside
  has(option: string): boolean
  value(option: string): string | undefined
}

/** What came of it: for people and for programs; `isGood` false ends with 1. */
export type Outcome = { readonly isGood?: boolean; readonly text: string; readonly json: unknown }

export type Command = {
  /** One word, or two where a thing has several commands. */
  readonly name: string
  /** What stands behind the name. */
  readonly usage: string
  readonly does: Words
  readonly options?: NonNullable<ParseArgsConfig['options']>
  /** So many words stand behind the name. */
  readonly words: number
  /** It changes something: what it did is written down, with what keys do. */
  readonly isActing?: boolean
  run(call: Call): Promise<Outcome>
}

/** 0 and 1 as everywhere; 2 for what was typed wrongly; EX_CONFIG of sysexits.h for a configuration that cannot be used. */
export const exitCodes = { good: 0, bad: 1, usage: 2, configuration: 78 } as const

/** What was typed is no command, or not in its form. */
export class UsageError extends Error {}
