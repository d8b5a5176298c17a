/** One line of the log: an event with fields. Secrets are of type `Secret` and print as `***`. */
export type LogRecord = { readonly event: string } & Readonly<Record<string, unknown>>

export type Log = {
  debug(record: LogRecord): void
  info(record: LogRecord): void
  warn(record: LogRecord): void
  error(record: LogRecord): void
  /** The same log with fields that stand in every line. */
  child(fields: Readonly<Record<string, unknown>>): Log
}
