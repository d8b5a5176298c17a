import { WechatError } from '../errors.ts'

/** v2's names of what v3 calls otherwise. */
const names: Readonly<Record<string, string>> = {
  ORDER_CLOSED: 'ORDERCLOSED',
  ORDER_NOT_EXIST: 'ORDERNOTEXIST',
  USER_PAYING: 'USERPAYING',
  NOT_ENOUGH: 'NOTENOUGH',
  SYSTEM_ERROR: 'SYSTEMERROR',
  OPENID_MISMATCH: 'PARAM_ERROR',
}

export function codeOf(code: string, path: string): string {
  if (code === 'RESOURCE_NOT_EXISTS') return path.includes('refundquery') ? 'REFUNDNOTEXIST' : 'ORDERNOTEXIST'
  if (code === 'INVALID_REQUEST' && path.includes('/refund')) return 'ERROR'
  return names[code] ?? code
}

/** Refusals that were asked for, by a fault or by the sandbox's own header. */
export function faultCode(fault: string | undefined): WechatError | undefined {
  switch (fault) {
    case 'system_error':
    case 'systemerror':
      return new WechatError(200, 'SYSTEMERROR', '接口返回错误')
    case 'rate_limit':
      return new WechatError(200, 'FREQUENCY_LIMITED', '频率限制')
    case 'order_paid':
      return new WechatError(200, 'ORDERPAID', '该订单已支付')
    case 'out_trade_no_used':
      return new WechatError(200, 'OUT_TRADE_NO_USED', '商户订单号重复')
    case 'order_not_exist':
      return new WechatError(200, 'ORDERNOTEXIST', '此交易订单号不存在')
    case 'not_enough':
    case 'notenough':
      return new WechatError(200, 'NOTENOUGH', '余额不足')
    case 'userpaying':
      return new WechatError(200, 'USERPAYING', '需要用户输入支付密码')
    default:
      return undefined
  }
}
