type Edit = { readonly from: string; readonly to: string }

/** One guard switched off, by a change of the source as it is loaded. */
export type Mutant = {
  readonly name: string
  readonly file: string
  readonly edits: readonly Edit[]
  /** The invariants that may name it. */
  readonly caughtBy: readonly string[]
}

export const mutants: readonly Mutant[] = [
  {
    name: 'settle-without-state',
    file: 'server/store/transitions.ts',
    edits: [
      {
        from: `    .where('order_id', '=', orderId)
    .where('status', 'in', from)
  if (attemptCount`,
        to: `    .where('order_id', '=', orderId)
  if (attemptCount`,
      },
    ],
    caughtBy: ['I2', 'I4', 'I6'],
  },
  {
    name: 'event-after-transaction',
    file: 'server/core/commit-queue.ts',
    edits: [
      { from: '  if (events.length > 0) await insertEvents(tx, events)\n', to: '' },
      {
        from: '    for (const { resolve } of group) resolve(true)',
        to: '    for (const { prepared } of group) if (prepared.events.length > 0) await insertEvents(db as never, prepared.events)\n    for (const { resolve } of group) resolve(true)',
      },
      {
        from: '      await transaction(db, (tx) => write(tx, [prepared]))\n',
        to: '      await transaction(db, (tx) => write(tx, [prepared]))\n      if (prepared.events.length > 0) await insertEvents(db as never, prepared.events)\n',
      },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'acknowledged-before-commit',
    file: 'server/core/notifications.ts',
    edits: [
      {
        from: '      const outcome = await inTime(settleNotice(account, notice, raw))',
        to: "      void settleNotice(account, notice, raw).catch(() => {})\n      const outcome = 'applied' as Outcome",
      },
    ],
    caughtBy: ['I1', 'I9'],
  },
  {
    name: 'lost-prepay-is-failure',
    file: 'server/core/prepare.ts',
    edits: [
      {
        from: '      default:\n        await commit(decision({ notes }))\n',
        to: "      default:\n        await commit(together(decideRefused(order, attempt, 'no answer', runtime.now()), decision({ notes })))\n",
      },
    ],
    caughtBy: ['I11', 'I12'],
  },
  {
    name: 'refund-retried-under-new-number',
    file: 'server/core/send-refund.ts',
    edits: [
      {
        from: '  return channel.refund({ outTradeNo, transactionId, outRefundNo, amount, total, reason, notifyUrl, createdAt })',
        to: '  const again = outRefundNo + (Object(globalThis).tries = (Object(globalThis).tries ?? 0) + 1)\n  return channel.refund({ outTradeNo, transactionId, outRefundNo: again as never, amount, total, reason, notifyUrl, createdAt })',
      },
    ],
    caughtBy: ['I3', 'I12'],
  },
  {
    name: 'refund-checked-by-sum',
    file: 'server/store/refund-figures.ts',
    edits: [
      { from: '.where(sql<boolean>`refunded_minor + refunding_minor', to: '.where(sql<boolean>`0 * refunded_minor + 0 * refunding_minor' },
    ],
    caughtBy: ['I3'],
  },
  {
    name: 'closed-without-asking',
    file: 'server/core/close.ts',
    edits: [
      {
        from: '        const closing = await closeAttempt(attempt)\n',
        to: `        const { channel, account, outTradeNo } = attempt
        await settle.trade(vouchForTrade({ source: 'query', channel, account, outTradeNo, outcome: { status: 'closed' } }))
        const closing = { is: 'gone' } as Closing
`,
      },
    ],
    caughtBy: ['I1', 'I5', 'I11'],
  },
  {
    name: 'amount-not-compared',
    file: 'server/core/rules/decide-trade.ts',
    edits: [{ from: '    success.amount.minor !== asked.amount.minor &&', to: '    false &&' }],
    caughtBy: ['I10', 'I17'],
  },
  {
    name: 'commit-unknown-taken-for-done',
    file: 'server/core/commit-queue.ts',
    edits: [{ from: '(await wasWritten(db, marker))', to: 'Boolean(wasWritten)' }],
    caughtBy: ['I1', 'I3', 'I4', 'I9', 'I12', 'I13'],
  },
  {
    // Finishing a task without looking at its lease is harmless here: what ends a task is written with the decision that ends it.
    name: 'task-ended-when-claimed',
    file: 'server/store/tasks.ts',
    edits: [
      {
        from: '  return { seen: due.length, ours: ours.map(readTask) }',
        to: `  if (ours.length > 0) await db.query.deleteFrom('tasks').where('task_id', 'in', ours.map((row) => row.task_id)).execute()
  return { seen: due.length, ours: ours.map(readTask) }`,
      },
    ],
    caughtBy: ['I1', 'I4', 'I7', 'I12', 'I13'],
  },
  {
    name: 'idempotency-after-the-work',
    file: 'server/store/idempotency.ts',
    edits: [
      {
        from: "  if (await insertNew(db, 'idempotency', row)) return",
        to: `  const isThere = await db.query.selectFrom('idempotency').select('record_id').where('scope', '=', ask.scope).where('idem_key', '=', ask.key).executeTakeFirst()
  rowsToCome.set(ask.recordId, row)
  if (!isThere) return`,
      },
      {
        from: '/** Keeps the final answer. */',
        to: 'const rowsToCome = new Map()\n/** Keeps the final answer. */',
      },
      {
        from: "  await db.query\n    .updateTable('idempotency')\n    .set({ status: answer.status, body: answer.body })",
        to: "  if (rowsToCome.has(recordId)) await insertNew(db, 'idempotency', rowsToCome.get(recordId))\n  await db.query\n    .updateTable('idempotency')\n    .set({ status: answer.status, body: answer.body })",
      },
    ],
    caughtBy: ['I8', 'I9'],
  },
  {
    name: 'task-in-memory',
    file: 'server/core/commit-queue.ts',
    edits: [
      {
        from: '  if (tasks.length > 0) await insertTasks(tx, tasks)',
        to: "  const kept = tasks.filter((task) => task.kind !== 'refund.send')\n  if (kept.length > 0) await insertTasks(tx, kept)",
      },
    ],
    caughtBy: ['I1', 'I13'],
  },
  {
    name: 'second-success-ignored',
    file: 'server/core/rules/decide-trade.ts',
    edits: [
      {
        from: "  if (order.status === 'succeeded') return { verdict: 'duplicate', decision: giveBack(given, success, 'duplicate') }",
        to: "  if (order.status === 'succeeded') return { verdict: 'already', decision: decision({}) }",
      },
    ],
    caughtBy: ['I1'],
  },
  {
    name: 'number-from-the-clock',
    file: 'server/core/rules/order-number.ts',
    edits: [
      { from: 'export function drawFrom(', to: 'export function drawFrom(..._: unknown[]): number {\n  return 0\n}\nfunction drawnFrom(' },
    ],
    caughtBy: ['I8', 'I12', 'I13'],
  },
  {
    name: 'query-gives-up',
    file: 'server/core/tasks.ts',
    edits: [
      {
        from: '  function again(task: Task): TaskResult {',
        to: "  function again(task: Task): TaskResult {\n    if (task.tries >= 8) return 'done'",
      },
    ],
    caughtBy: ['I1', 'I5', 'I13'],
  },
  {
    name: 'waits-in-transaction',
    file: 'server/core/commit-queue.ts',
    edits: [
      {
        from: '      await transaction(db, (tx) => write(tx, [prepared]))\n',
        to: '      await transaction(db, (tx) => db.runtime.sleep(20).then(() => write(tx, [prepared])))\n',
      },
    ],
    caughtBy: ['I20'],
  },
  {
    name: 'sent-without-being-written',
    file: 'server/core/start-payment.ts',
    edits: [
      {
        from: '    return (await commit(decision)) ? attempt : undefined',
        to: '    await commit(decision)\n    return attempt',
      },
    ],
    caughtBy: ['I1', 'I12'],
  },
  {
    name: 'handler-not-repeatable',
    file: 'server/core/tasks.ts',
    edits: [
      {
        from: "    const order = await findOrder(db, task.merchantId, orderId)\n    if (order?.status !== 'pending') return 'done'\n    // The",
        to: `    const order = await findOrder(db, task.merchantId, orderId)
    if (order?.status === 'closed')
      await db.query
        .insertInto('events')
        .values({ merchant_id: task.merchantId, event_id: ('evt_' + task.taskId) as never, type: 'order.closed', order_id: orderId, created_at: runtime.now(), data: '{}' })
        .execute()
    if (order?.status !== 'pending') return 'done'
    // The`,
      },
    ],
    caughtBy: ['I4', 'I22'],
  },
  {
    name: 'settled-without-state',
    file: 'server/store/unmatched.ts',
    edits: [
      {
        from: "    .where('status', 'is', null)\n    .executeTakeFirst()\n  return result.numUpdatedRows",
        to: '    .executeTakeFirst()\n  return result.numUpdatedRows',
      },
    ],
    caughtBy: ['I23'],
  },
  {
    name: 'money-moved-without-asking',
    file: 'server/core/resolve-unmatched.ts',
    edits: [
      {
        from: '    const { success, note } = await confirmed(money, place)\n    const now = runtime.now()\n',
        to: `    void confirmed
    const now = runtime.now()
    const { merchantId, transactionId, seenAt: succeededAt } = money
    const { merchantRef, orderId } = place.attempt
    const success: Success = { status: 'succeeded', transactionId, amount: moneyIn(money), merchantRef, succeededAt }
    const note: Note = { merchantId, orderId, at: now, kind: 'call', title: 'nobody was asked', detail: {} }
`,
      },
    ],
    caughtBy: ['I3', 'I10', 'I17', 'I23'],
  },
]

/** Faults that this simulation found, put back: what it saved of them has to find them again. */
export const former: readonly Mutant[] = [
  {
    name: 'caller-refused-fails-attempt',
    file: 'server/core/prepare.ts',
    edits: [{ from: "      case 'configuration':\n", to: "      case 'configuration':\n      case 'caller':\n" }],
    caughtBy: ['I11'],
  },
  {
    name: 'failed-read-of-keys-kept',
    file: 'server/channels/wechat/v3/keys.ts',
    edits: [{ from: '      loading = undefined\n      throw error', to: '      throw error' }],
    caughtBy: ['I1', 'I13'],
  },
  {
    name: 'lagging-bill-believed',
    file: 'server/core/reconcile.ts',
    edits: [{ from: '    await untilSeen(reading, (trades ?? 0) + (funds ?? 0))\n', to: '' }],
    caughtBy: ['I1', 'I7'],
  },
]
