import type {
  AccountId,
  AppId,
  DeliveryId,
  EndpointId,
  EventId,
  InboxId,
  KeyId,
  MerchantId,
  OpenId,
  OrderId,
  OutRefundNo,
  OutTradeNo,
  PayerId,
  PaymentId,
  ProductId,
  RefundId,
  TaskId,
  TransactionId,
  UnmatchedId,
} from '../../shared/kernel/ids.ts'
import type { Currency, Minor } from '../../shared/kernel/money.ts'
import type { ChannelName, GoodsType, PayType } from '../../shared/kernel/pay.ts'
import type { AttemptStatus, DeliveryStatus, OrderStatus, RefundCause, RefundStatus } from '../../shared/kernel/states.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { UnmatchedStatus } from '../../shared/kernel/unmatched.ts'
import type { SeriesForm, SeriesName } from '../core/rules/number-series.ts'
import type { TaskKind, TaskQueue } from '../core/rules/task.ts'
import type { EndpointStatus, TryOutcome } from '../core/rules/webhook.ts'

/** The tables, by the names of their columns. Instants are milliseconds, amounts minor units, JSON is text, a flag is 0 or 1. */
export type Schema = {
  schema_versions: { version: number; applied_at: Instant }
  installation: { only: number; installation_id: string; home_url: string | null }
  instances: { instance_id: string; public_url: string; started_at: Instant; seen_at: Instant }
  channel_accounts: {
    channel: ChannelName
    account: AccountId
    merchant_ref: string
    sealed: string
    fingerprint: string
    version: number
    created_at: Instant
    updated_at: Instant
  }
  merchants: { merchant_id: MerchantId; name: string; created_at: Instant }
  keepsakes: { account: AccountId; name: string; text: string; saved_at: Instant }
  api_keys: {
    merchant_id: MerchantId
    key_id: KeyId
    hash: string
    name: string
    created_at: Instant
    revoked_at: Instant | null
    scopes: string | null
    hint: string | null
    expires_at: Instant | null
  }
  payers: { merchant_id: MerchantId; payer_id: PayerId; app_id: AppId; open_id: OpenId; union_id: string | null; created_at: Instant }
  products: {
    merchant_id: MerchantId
    product_id: ProductId
    title: string
    price_minor: Minor
    currency: Currency
    image: string | null
    goods_type: GoodsType
    active: number
    created_at: Instant
  }
  orders: {
    merchant_id: MerchantId
    order_id: OrderId
    subject: string
    body: string | null
    amount_minor: Minor
    currency: Currency
    status: OrderStatus
    paid_minor: Minor
    refunded_minor: Minor
    refunding_minor: Minor
    refund_count: number
    attempt_count: number
    user_id: string | null
    payer_id: PayerId | null
    payer_app_id: AppId | null
    metadata: string
    return_url: string | null
    goods_type: GoodsType
    origin: string | null
    kept_payment_id: PaymentId | null
    channel: ChannelName | null
    pay_type: PayType | null
    transaction_id: TransactionId | null
    asked_at: Instant
    created_at: Instant
    expires_at: Instant
    paid_at: Instant | null
    closed_at: Instant | null
  }
  attempts: {
    merchant_id: MerchantId
    payment_id: PaymentId
    order_id: OrderId
    out_trade_no: OutTradeNo
    channel: ChannelName
    account: AccountId
    merchant_ref: string
    status: AttemptStatus
    kept: number | null
    transaction_id: TransactionId | null
    paid_minor: Minor | null
    paid_currency: Currency | null
    payer_id: PayerId | null
    ask: string
    action: string | null
    action_expires_at: Instant | null
    channel_state: string | null
    reversing_at: Instant | null
    failure: string | null
    created_at: Instant
    succeeded_at: Instant | null
    closed_at: Instant | null
  }
  used_states: { state: string; used_at: Instant }
  number_series: {
    merchant_id: MerchantId
    series: SeriesName
    form: SeriesForm
    prefix: string
    suffix: string
    width: number
    next_number: number
    updated_at: Instant
  }
  number_draws: { merchant_id: MerchantId; series: SeriesName; draw: string; number: number; drawn_at: Instant }
  refunds: {
    merchant_id: MerchantId
    refund_id: RefundId
    out_refund_no: OutRefundNo
    order_id: OrderId
    payment_id: PaymentId
    out_trade_no: OutTradeNo
    transaction_id: TransactionId | null
    channel: ChannelName
    account: AccountId
    amount_minor: Minor
    total_minor: Minor
    currency: Currency
    reason: string | null
    notify_url: string
    cause: RefundCause
    status: RefundStatus
    channel_refund_id: string | null
    failure: string | null
    created_at: Instant
    succeeded_at: Instant | null
  }
  events: { merchant_id: MerchantId; event_id: EventId; type: string; order_id: OrderId; created_at: Instant; data: string }
  timeline: { merchant_id: MerchantId; order_id: OrderId; at: Instant; note_id: string; kind: string; title: string; detail: string }
  tasks: {
    merchant_id: MerchantId
    kind: TaskKind
    subject: string
    task_id: TaskId
    run_at: Instant
    tries: number
    lease_owner: string
    lease_until: Instant
    queue: TaskQueue | null
    lane: string | null
  }
  inbox: {
    channel: ChannelName
    account: AccountId
    notify_id: string
    inbox_id: InboxId
    merchant_id: MerchantId | null
    order_id: OrderId | null
    received_at: Instant
    verdict: string
    body: string
  }
  unmatched: {
    merchant_id: MerchantId
    channel: ChannelName
    account: AccountId
    out_trade_no: OutTradeNo
    transaction_id: TransactionId
    reason: string
    order_id: OrderId | null
    amount_minor: number
    currency: string
    detail: string
    seen_at: Instant
    unmatched_id: UnmatchedId | null
    status: Exclude<UnmatchedStatus, 'open'> | null
    note: string | null
    resolved_by: KeyId | null
    resolved_at: Instant | null
    refund_id: RefundId | null
  }
  bill_runs: { run_id: string; channel: ChannelName; account: AccountId; day: string; started_at: Instant }
  bill_lines: {
    run_id: string
    kind: 'payment' | 'refund' | 'income' | 'expense'
    number: string
    out_trade_no: string | null
    transaction_id: string | null
    amount_minor: Minor
    currency: Currency
    status: string
    merchant_ref: string | null
    app_id: string | null
    fee_micro: number | null
    due_fee_micro: number | null
    at: Instant
  }
  reconciliations: {
    channel: ChannelName
    account: AccountId
    day: string
    merchant_id: MerchantId
    run_id: string
    report: string
    completed_at: Instant
  }
  webhook_endpoints: {
    merchant_id: MerchantId
    endpoint_id: EndpointId
    url: string
    types: string
    description: string | null
    status: EndpointStatus
    secret: string
    former_secret: string | null
    former_until: Instant | null
    disabled_why: string | null
    created_at: Instant
  }
  deliveries: {
    merchant_id: MerchantId
    delivery_id: DeliveryId
    event_id: EventId
    endpoint_id: EndpointId
    status: DeliveryStatus
    tries: number
    next_at: Instant | null
    created_at: Instant
    finished_at: Instant | null
  }
  delivery_tries: {
    merchant_id: MerchantId
    delivery_id: DeliveryId
    try_id: string
    at: Instant
    ms: number
    outcome: TryOutcome
    status_code: number | null
    detail: string | null
  }
  audit: {
    merchant_id: MerchantId
    audit_id: string
    at: Instant
    actor: string
    action: string
    subject: string
    client_ip: string
    request_id: string
  }
  limit_windows: { bucket: string; since: Instant; used: number; ends_at: Instant }
  idempotency: {
    scope: string
    idem_key: string
    record_id: string
    route: string
    request_hash: string
    created_at: Instant
    lease_until: Instant
    status: number | null
    body: string | null
  }
}
