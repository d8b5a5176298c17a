import { startEmulator } from '../../server/emulator/listen.ts'

/** The emulated channel as a process of its own, so that its work is not counted with the server's. */
const { origin, emulator } = await startEmulator({ port: 0 })
process.stdout.write(`${JSON.stringify({ origin, environment: emulator.environment() })}\n`)
