import { AppError } from '../core/error.ts'
import type { Login } from '../core/login.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Guesses } from './guesses.ts'

export type GuardedLogin = ReturnType<typeof makeGuardedLogin>

/** Logging in costs the channel's quota, so an address that sends one wrong code after another waits before the channel is asked. */
export function makeGuardedLogin({ login, guesses, metrics }: { login: Login; guesses: Guesses; metrics: Pick<Metrics, 'authFailures'> }) {
  /** @throws AppError UNAUTHORIZED for a code that is not good; RATE_LIMITED after too many of them from the address. */
  return async function guardedLogin(ask: Parameters<Login>[0], clientIp: string): ReturnType<Login> {
    guesses.assertMayTry(clientIp)
    try {
      return await login(ask)
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAUTHORIZED') {
        metrics.authFailures.count({ audience: 'payer' })
        await guesses.failed(clientIp)
      }
      throw error
    }
  }
}
