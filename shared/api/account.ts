import { z } from 'zod'
import { channelNames, payTypes } from '../kernel/pay.ts'

/** GET /accounts; what an account is, without anything that signs. */
export const account = z
  .object({
    channel: z.enum(channelNames),
    account: z.string().meta({ description: 'Its name in requests', example: 'default' }),
    label: z.object({ zh: z.string().meta({ example: '微信支付' }), en: z.string().meta({ example: 'WeChat Pay' }) }),
    appId: z
      .string()
      .nullable()
      .meta({ description: 'The app under which its first way to pay runs; null where it needs none', example: 'wx0123456789abcdef' }),
    mchId: z.string().meta({ description: 'The merchant number to which money goes', example: '1900000001' }),
    payTypes: z.array(z.enum(payTypes)),
    currencies: z.array(z.string().meta({ example: 'CNY' })),
    notifyUrl: z
      .string()
      .meta({ description: 'Where the channel tells what happened', example: 'https://pay.example.com/api/v1/payments/wechat/notify' }),
  })
  .meta({ id: 'Account', description: 'One set of credentials on a channel; its keys are not shown' })

/** POST /order-numbers */
export const orderNumber = z
  .object({ orderId: z.string().meta({ description: 'Free at this moment, and given to nobody else', example: 'D20260102030405123456' }) })
  .meta({ id: 'OrderNumber' })
