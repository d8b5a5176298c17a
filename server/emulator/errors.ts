/** A refusal in WeChat's manner: its HTTP status, its code, a message in its language. */
export class WechatError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: unknown

  constructor(status: number, code: string, message: string, detail?: unknown) {
    super(message)
    this.name = 'WechatError'
    this.status = status
    this.code = code
    this.detail = detail
  }
}

export const paramError = (field: string, message: string): WechatError =>
  new WechatError(400, 'PARAM_ERROR', `输入源“/body/${field}”映射到字段“${field}”规则校验失败，${message}`, {
    field: `/${field}`,
    issue: message,
    location: 'body',
  })

/** A refusal of the control interface. */
export class ControlError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'ControlError'
    this.status = status
  }
}
