import type { Command } from './command.ts'
import { accountsAdd, accountsList, accountsRotate } from './commands/accounts.ts'
import { adopt } from './commands/adopt.ts'
import { audit } from './commands/audit.ts'
import { check } from './commands/check.ts'
import { doctor } from './commands/doctor.ts'
import { emulator } from './commands/emulator.ts'
import { keysCreate, keysList, keysRevoke, keysRotate } from './commands/keys.ts'
import { migrate } from './commands/migrate.ts'
import { reconcile } from './commands/reconcile.ts'
import { refund } from './commands/refund.ts'
import { reseal } from './commands/reseal.ts'
import { resend } from './commands/resend.ts'

/** Every command, in the order in which they are listed. */
export const commands: readonly Command[] = [
  doctor,
  migrate,
  check,
  refund,
  reconcile,
  resend,
  accountsAdd,
  accountsList,
  accountsRotate,
  keysCreate,
  keysList,
  keysRotate,
  keysRevoke,
  reseal,
  adopt,
  audit,
  emulator,
]
