import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { OrderLink, OrderLinks } from '../identity/order-links.ts'
import { apiPrefix } from './router.ts'

export type LinkAddresses = ReturnType<typeof makeLinkAddresses>

/** Every address that belongs to a link. None is ever taken from a request: what leads on, leads to this site. */
export function makeLinkAddresses({ links, publicUrl }: { readonly links: OrderLinks; readonly publicUrl: string }) {
  return { page, form, login, state, pay, events, callback }

  function page(link: OrderLink, more = ''): string {
    return `${form(link)}${more}`
  }

  function form(link: OrderLink): string {
    return `/pay/${encodeURIComponent(link.orderId)}?${links.query(link)}`
  }

  /** Where the browser is sent on to say who pays, whole, so that a script can open it. */
  function login(link: OrderLink, channel: ChannelName): string {
    return `${publicUrl}/pay/${encodeURIComponent(link.orderId)}/login?${links.query(link)}&channel=${channel}`
  }

  function state(link: OrderLink): string {
    return api(link, '')
  }

  function pay(link: OrderLink): string {
    return api(link, '/pay')
  }

  function events(link: OrderLink): string {
    return api(link, '/events')
  }

  function callback(channel: ChannelName): string {
    return `${publicUrl}/oauth/${channel}/callback`
  }

  function api(link: OrderLink, what: string): string {
    return `${apiPrefix}/cashier/links/${encodeURIComponent(link.orderId)}${what}?${links.query(link)}`
  }
}
