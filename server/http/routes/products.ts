import { listOf, pageQuery } from '../../../shared/api/order.ts'
import { newProduct, product, productChange, productParams } from '../../../shared/api/product.ts'
import type { Products } from '../../core/products.ts'
import { amountIn } from '../amount-in.ts'
import { presentPage, presentProduct } from '../present.ts'
import { type Route, route } from '../route.ts'

/** What the mini-program's shop sells, as its merchant keeps it. */
export function productRoutes({ products }: { readonly products: Products }): Route[] {
  return [
    route({
      method: 'get',
      path: '/products',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listProducts',
      summary: { en: 'List products, withdrawn ones too', zh: '商品列表，含已下架的' },
      query: pageQuery,
      answer: listOf(product),
      handle: async ({ query }, { who }) => presentPage(await products.list(who.merchantId, { activeOnly: false }, query), presentProduct),
    }),
    route({
      method: 'post',
      path: '/products',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'createProduct',
      summary: { en: 'Sell something', zh: '上架商品' },
      refusals: ['CONFLICT'],
      body: newProduct,
      example: { productId: 'cake', title: 'Cake', price: '129.00', image: '/goods/cake.svg' },
      status: 201,
      answer: product,
      handle: async ({ body: { money, productId, title, image, goodsType = 'physical', active = true } }, { who }) =>
        presentProduct(await products.create(who.merchantId, { title, image, goodsType, active, price: money }, productId)),
    }),
    route({
      method: 'get',
      path: '/products/:productId',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getProduct',
      summary: { en: 'Read a product', zh: '读取商品' },
      params: productParams,
      answer: product,
      handle: async ({ params }, { who }) => presentProduct(await products.get(who.merchantId, params.productId)),
    }),
    route({
      method: 'patch',
      path: '/products/:productId',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'updateProduct',
      summary: { en: 'Change what is given, leave the rest', zh: '只修改给出的内容' },
      params: productParams,
      body: productChange,
      example: { price: '119.00' },
      answer: product,
      handle: async ({ params: { productId }, body: { price, currency, image, ...change } }, { who }) => {
        const { price: before } = await products.get(who.merchantId, productId)
        const money = price === undefined ? undefined : amountIn(currency ?? before.currency, 'price', price)
        return presentProduct(
          await products.update(who.merchantId, productId, {
            ...given({ ...change, price: money }),
            ...(image === undefined ? {} : { image: image ?? undefined }),
          }),
        )
      },
    }),
    route({
      method: 'delete',
      path: '/products/:productId',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'withdrawProduct',
      summary: { en: 'Take a product off the shelf; orders keep what they bought', zh: '下架商品；已有订单不受影响' },
      params: productParams,
      answer: product,
      handle: async ({ params }, { who }) => presentProduct(await products.withdraw(who.merchantId, params.productId)),
    }),
  ]
}

/** Only the members that are there. */
function given<Change extends object>(change: Change): { [Name in keyof Change]?: Exclude<Change[Name], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Change]?: Exclude<Change[Name], undefined>
  }
}
