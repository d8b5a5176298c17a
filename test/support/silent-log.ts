import type { Log } from '../../server/lib/log.ts'

/** A log nobody reads. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silentLog }
