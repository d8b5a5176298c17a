import { join } from 'node:path'
import { startEmulator } from '../emulator/listen.ts'

/**
 * The emulator alone, for any SDK or server that is pointed at it.
 *
 * @param folder where it keeps what it knows, so that it goes on with the same keys; nothing is kept without one.
 * @returns what a server sets to talk to it, by environment names.
 */
export async function startEmulatorOnly({ host, port, folder }: { host: string; port: number; folder?: string | undefined }): Promise<{
  origin: string
  environment: Record<string, string>
  close(): Promise<void>
}> {
  const stateFile = folder === undefined ? undefined : join(folder, 'emulator.jsonl')
  const { origin, emulator, close } = await startEmulator({ host, port, stateFile })
  return { origin, environment: emulator.environment(), close }
}
