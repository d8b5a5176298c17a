/* Made from shared/ by "npm run miniprogram:shared"; not to be edited. */
var __defProp = Object.defineProperty;
var __defNormalProp = (obj, key, value) => key in obj ? __defProp(obj, key, { enumerable: true, configurable: true, writable: true, value }) : obj[key] = value;
var __publicField = (obj, key, value) => __defNormalProp(obj, typeof key !== "symbol" ? key + "" : key, value);

// shared/kernel/codes.ts
var errorCodes = {
  PARAM_ERROR: 400,
  INVALID_REQUEST: 400,
  UNAUTHORIZED: 401,
  SIGN_ERROR: 401,
  NOAUTH: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  ORDERPAID: 409,
  ORDERCLOSED: 409,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  SYSTEMERROR: 500,
  CHANNEL_ERROR: 502,
  UNAVAILABLE: 503,
  CHANNEL_TIMEOUT: 504
};
var errorCodeNames = Object.keys(errorCodes);

// shared/kernel/events.ts
var eventTypes = [
  "order.created",
  "payment.succeeded",
  "payment.failed",
  "payment.duplicate_refunded",
  "payment.late",
  "order.closed",
  "refund.created",
  "refund.succeeded",
  "refund.abnormal",
  "refund.failed",
  "reconciliation.completed"
];

// shared/kernel/ids.ts
var orderIdPattern = /^[0-9A-Za-z_\-*]{6,32}$/;
var refundIdPattern = /^[0-9A-Za-z_\-*]{1,64}$/;
var namePattern = /^[0-9A-Za-z_\-.]{1,64}$/;
function readOrderId(text) {
  return orderIdPattern.test(text) ? text : void 0;
}
function firstOutTradeNo(orderId) {
  return orderId;
}
function readOutTradeNo(text) {
  return orderIdPattern.test(text) ? text : void 0;
}
function readRefundId(text) {
  return refundIdPattern.test(text) ? text : void 0;
}
function outRefundNoOf(refundId) {
  return refundId;
}
function readOutRefundNo(text) {
  return /^[0-9A-Za-z_\-*|@]{1,64}$/.test(text) ? text : void 0;
}
function readName(_kind, text) {
  return namePattern.test(text) ? text : void 0;
}
function asTransactionId(text) {
  return text;
}
function asAppId(text) {
  return text;
}
function asOpenId(text) {
  return text;
}
function asOwnId(_kind, text) {
  return text;
}
function asOrderId(text) {
  return text;
}
function asOutTradeNo(text) {
  return text;
}
function asRefundId(text) {
  return text;
}
var defaultMerchant = "mer_default";
var defaultAccount = "default";

// shared/kernel/money.ts
var currencies = {
  CNY: { decimals: 2, maxMinor: 1e10 },
  HKD: { decimals: 2, maxMinor: 1e10 },
  USD: { decimals: 2, maxMinor: 1e10 },
  EUR: { decimals: 2, maxMinor: 1e10 },
  GBP: { decimals: 2, maxMinor: 1e10 },
  CAD: { decimals: 2, maxMinor: 1e10 },
  AUD: { decimals: 2, maxMinor: 1e10 },
  NZD: { decimals: 2, maxMinor: 1e10 },
  SGD: { decimals: 2, maxMinor: 1e10 },
  MYR: { decimals: 2, maxMinor: 1e10 },
  THB: { decimals: 2, maxMinor: 1e10 },
  AED: { decimals: 2, maxMinor: 1e10 },
  JPY: { decimals: 0, maxMinor: 1e9 }
};
var currencyNames = Object.keys(currencies).filter(isCurrency);
var plainDecimal = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
var longestAmountText = 24;
function isCurrency(word) {
  return Object.keys(currencies).includes(word);
}
function readMoney(amount, currency) {
  const { decimals, maxMinor } = currencies[currency];
  const text = typeof amount === "number" ? String(amount) : amount;
  const match = text.length <= longestAmountText ? plainDecimal.exec(text) : null;
  if (!match) return { problem: `is not a plain decimal number such as ${decimals === 0 ? '"100"' : '"99.99"'}` };
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return { problem: `has ${fraction.length} decimals; ${currency} has ${decimals}` };
  const minor = Number(whole + fraction.padEnd(decimals, "0"));
  if (minor === 0) return { problem: "is zero; an amount is above zero" };
  if (!Number.isSafeInteger(minor) || minor > maxMinor) return { problem: `is above the most we take, ${print(maxMinor, decimals)}` };
  return { minor: asMinor(minor), currency };
}
function isMoneyProblem(read) {
  return "problem" in read;
}
function asMinor(integer) {
  if (!Number.isSafeInteger(integer) || integer < 0) throw new RangeError(`${integer} is not an amount in the minor unit`);
  return integer;
}
var zero = asMinor(0);
function moneyOf(minor, currency) {
  return { minor: asMinor(minor), currency };
}
function formatMillionths(micro) {
  const digits = String(Math.abs(micro)).padStart(7, "0");
  return `${micro < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6, -1)}`;
}
function formatMoney({ minor, currency }) {
  return print(minor, currencies[currency].decimals);
}
function addMoney(one, other) {
  return moneyOf(one.minor + sameCurrency(one, other).minor, one.currency);
}
function subtractMoney(from, what) {
  return moneyOf(from.minor - sameCurrency(from, what).minor, from.currency);
}
function timesMoney(price, quantity) {
  return moneyOf(price.minor * quantity, price.currency);
}
function equalMoney(one, other) {
  return one.minor === other.minor && one.currency === other.currency;
}
function sameCurrency(one, other) {
  if (one.currency !== other.currency) throw new RangeError(`${one.currency} and ${other.currency} cannot be reckoned together`);
  return other;
}
function print(minor, decimals) {
  if (decimals === 0) return String(minor);
  const digits = String(minor).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

// shared/kernel/never.ts
function never(value) {
  throw new TypeError(`not handled: ${JSON.stringify(value)}`);
}

// shared/kernel/pay.ts
var channelNames = ["wechat", "qfpay", "alipay"];
var payTypes = ["NATIVE", "JSAPI", "MINIPROGRAM", "MWEB", "APP", "MICROPAY", "PAGE"];
var apps = ["miniprogram", "official", "alipay"];
var goodsTypes = ["physical", "virtual"];

// shared/kernel/states.ts
var orderMoves = {
  /** Waiting for money. */
  pending: ["succeeded", "failed", "closed"],
  /** One attempt's money is kept. */
  succeeded: [],
  /** Gave up by itself; only money that comes late and is accepted changes that. */
  failed: ["succeeded"],
  /** Nobody can pay it any more; only money that comes late and is accepted changes that. */
  closed: ["succeeded"]
};
var attemptMoves = {
  /** May have reached the channel: all that is known between the write and the answer, and after a crash. */
  sent: ["open", "succeeded", "failed", "closed"],
  /** The channel knows it; it can be paid. */
  open: ["succeeded", "failed", "closed"],
  /** Paid. Whether the money is kept is another column. */
  succeeded: [],
  /** The channel refused it, verified; money that shows up all the same is taken as late. */
  failed: ["succeeded"],
  /** Closed at the channel; money that shows up all the same is taken as late. */
  closed: ["succeeded"]
};
var refundMoves = {
  /** Reserved here; may have reached the channel. */
  pending: ["processing", "succeeded", "abnormal", "failed", "closed"],
  /** The channel works on it. */
  processing: ["succeeded", "abnormal", "failed", "closed"],
  /** The money is back. */
  succeeded: [],
  /** The payer's account or card cannot receive it; someone has to act. Its amount stays reserved. */
  abnormal: ["processing", "succeeded", "closed"],
  /** Refused by a rule of the channel; its amount is free again. */
  failed: [],
  /** The channel gave up; its amount is free again. */
  closed: []
};
var deliveryMoves = {
  /** To be told, or told again after a failure. */
  pending: ["succeeded", "failed"],
  /** The endpoint said yes; only somebody who wants it sent again changes that. */
  succeeded: ["pending"],
  /** Given up after the last try; only somebody who wants it sent again changes that. */
  failed: ["pending"]
};
var orderStatuses = ["pending", "succeeded", "failed", "closed"];
var attemptStatuses = ["sent", "open", "succeeded", "failed", "closed"];
var refundStatuses = ["pending", "processing", "succeeded", "abnormal", "failed", "closed"];
var deliveryStatuses = ["pending", "succeeded", "failed"];
var refundTotals = ["none", "partial", "full"];
var surplusCauses = ["duplicate", "late", "unmatched"];
var refundCauses = ["requested", ...surplusCauses, "external"];
var lives = { order: orderMoves, attempt: attemptMoves, refund: refundMoves, delivery: deliveryMoves };
function orderMayComeFrom(to) {
  return orderStatuses.filter((from) => includes(orderMoves[from], to));
}
function attemptMayComeFrom(to) {
  return attemptStatuses.filter((from) => includes(attemptMoves[from], to));
}
function refundMayComeFrom(to) {
  return refundStatuses.filter((from) => includes(refundMoves[from], to));
}
function isLiveAttempt(status) {
  return status === "sent" || status === "open";
}
function includes(list, word) {
  return list.includes(word);
}

// shared/kernel/time.ts
var chinaOffsetMs = 8 * 60 * 60 * 1e3;
var rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
function asInstant(ms) {
  if (!Number.isSafeInteger(ms)) throw new RangeError(`${ms} is not an instant in whole milliseconds`);
  return ms;
}
function later(from, ms) {
  return asInstant(from + ms);
}
function formatInstant(at) {
  return `${chinaClock(at).slice(0, 19)}+08:00`;
}
function chinaDay(at) {
  return chinaClock(at).slice(0, 10);
}
function chinaStamp(at) {
  return chinaClock(at).slice(0, 19).replace(/[-T:]/g, "");
}
function parseInstant(text) {
  if (!rfc3339.test(text)) return void 0;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? void 0 : asInstant(ms);
}
function chinaClock(at) {
  return new Date(at + chinaOffsetMs).toISOString();
}

// shared/kernel/words.ts
var languages = ["zh", "en"];
var orderStatusWords = {
  pending: { zh: "待支付", en: "To pay" },
  succeeded: { zh: "已支付", en: "Paid" },
  failed: { zh: "支付失败", en: "Failed" },
  closed: { zh: "已关闭", en: "Closed" }
};
var refundStatusWords = {
  pending: { zh: "退款已提交", en: "Refund requested" },
  processing: { zh: "退款处理中", en: "Refund under way" },
  succeeded: { zh: "已退款", en: "Refunded" },
  abnormal: { zh: "退款异常", en: "Refund needs attention" },
  failed: { zh: "退款失败", en: "Refund failed" },
  closed: { zh: "退款关闭", en: "Refund closed" }
};
function languageOf(acceptLanguage) {
  const first = (acceptLanguage != null ? acceptLanguage : "").toLowerCase().split(",").map((part) => part.trim().slice(0, 2)).find((tag) => tag === "zh" || tag === "en");
  return first === "en" ? "en" : "zh";
}

// shared/client/api-error.ts
var ApiError = class extends Error {
  constructor(code, message, { status = 0, details = {}, requestId = "", cause } = {}) {
    super(message);
    __publicField(this, "code");
    /** The HTTP status; 0 when no answer came. */
    __publicField(this, "status");
    __publicField(this, "details");
    /** What to do about it, where the server knows. */
    __publicField(this, "hint");
    /** What finds the request in the server's log. */
    __publicField(this, "requestId");
    this.name = "ApiError";
    if (cause !== void 0) this.cause = cause;
    this.code = code;
    this.status = status;
    this.details = details;
    this.hint = isWords(details.hint) ? details.hint : void 0;
    this.requestId = requestId;
  }
};
function readEnvelope({ status, body }) {
  const answer = typeof body === "object" && body !== null ? body : {};
  if (answer.success === true && answer.data !== void 0) return answer.data;
  const { code = "SYSTEMERROR", error = "", details = {}, requestId = "" } = answer;
  throw new ApiError(code, error, { status, details, requestId });
}
function isWords(hint) {
  return typeof hint === "object" && hint !== null && "zh" in hint && "en" in hint;
}

// shared/api/client.ts
function makePayerClient(transport, newKey) {
  return {
    login: (ask) => data({ method: "POST", path: "/cashier/session", body: ask, isPublic: true }),
    products: (cursor) => data({ method: "GET", path: `/cashier/products${query(cursor)}`, isPublic: true }),
    product: (productId) => data({ method: "GET", path: `/cashier/products/${encodeURIComponent(productId)}`, isPublic: true }),
    createOrder: (items) => data({ method: "POST", path: "/cashier/orders", body: { items }, isPublic: false, idempotencyKey: newKey() }),
    orders: (cursor) => data({ method: "GET", path: `/cashier/orders${query(cursor)}`, isPublic: false }),
    order: (orderId) => data({ method: "GET", path: orderPath(orderId), isPublic: false }),
    pay: (orderId, payType) => data({ method: "POST", path: `${orderPath(orderId)}/pay`, body: { payType }, isPublic: false }),
    cancel: (orderId) => data({ method: "POST", path: `${orderPath(orderId)}/cancel`, isPublic: false })
  };
  async function data(request) {
    return readEnvelope(await transport(request));
  }
}
function orderPath(orderId) {
  return `/cashier/orders/${encodeURIComponent(orderId)}`;
}
function query(cursor) {
  return cursor === void 0 ? "" : `?cursor=${encodeURIComponent(cursor)}`;
}
export {
  ApiError,
  addMoney,
  apps,
  asAppId,
  asInstant,
  asMinor,
  asOpenId,
  asOrderId,
  asOutTradeNo,
  asOwnId,
  asRefundId,
  asTransactionId,
  attemptMayComeFrom,
  attemptMoves,
  attemptStatuses,
  channelNames,
  chinaDay,
  chinaStamp,
  currencies,
  currencyNames,
  defaultAccount,
  defaultMerchant,
  deliveryMoves,
  deliveryStatuses,
  equalMoney,
  errorCodeNames,
  errorCodes,
  eventTypes,
  firstOutTradeNo,
  formatInstant,
  formatMillionths,
  formatMoney,
  goodsTypes,
  isCurrency,
  isLiveAttempt,
  isMoneyProblem,
  languageOf,
  languages,
  later,
  lives,
  makePayerClient,
  moneyOf,
  namePattern,
  never,
  orderIdPattern,
  orderMayComeFrom,
  orderMoves,
  orderStatusWords,
  orderStatuses,
  outRefundNoOf,
  parseInstant,
  payTypes,
  readMoney,
  readName,
  readOrderId,
  readOutRefundNo,
  readOutTradeNo,
  readRefundId,
  refundCauses,
  refundIdPattern,
  refundMayComeFrom,
  refundMoves,
  refundStatusWords,
  refundStatuses,
  refundTotals,
  subtractMoney,
  surplusCauses,
  timesMoney,
  zero
};
