import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Emulator, type EmulatorOptions, makeEmulator } from './emulator.ts'
import { makeEmulatorRuntime } from './runtime.ts'

export type RunningEmulator = { readonly origin: string; readonly emulator: Emulator; close(): Promise<void> }

/** Starts the emulator on a port of its own. */
export async function startEmulator({
  port,
  host = '127.0.0.1',
  ...options
}: { port: number; host?: string } & Partial<Omit<EmulatorOptions, 'origin'>>): Promise<RunningEmulator> {
  let emulator: Emulator | undefined
  const server = createServer((request, response) => emulator?.callback(request, response))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const { port: actual } = server.address() as AddressInfo
  const origin = `http://${host}:${actual}`
  emulator = await makeEmulator({ runtime: makeEmulatorRuntime(), ...options, origin })
  const running = emulator
  return {
    origin,
    emulator: running,
    close: async () => {
      running.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
