import { ensureMariaDb, type MariaDb, startMariaDb } from './mariadb.ts'

let server: MariaDb | undefined

/** One MySQL-protocol server for the run: the one that is given, else a private one. */
export default async function setup(): Promise<void> {
  if (process.env.MYSQL_URL) {
    process.env.TEST_MYSQL_URL = process.env.MYSQL_URL
    return
  }
  await ensureMariaDb()
  server = await startMariaDb()
  process.env.TEST_MYSQL_URL = server.url
}

export async function stopServer(): Promise<void> {
  await server?.stop()
}
