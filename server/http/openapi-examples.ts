/** JSON Schema as the generator writes it: what an example is made of. */
export type Schema = {
  readonly $ref?: string
  readonly example?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}

/** Stands where a schema has no example of its own; a test finds it. */
export const missingExample = '…'

/**
 * An example made of the examples that the schema's own members carry: of an object every member it requires and those that have an
 * example, of alternatives the first that is not null.
 *
 * @param named the schemas that `$ref` speaks of.
 */
export function exampleOf(schema: Schema, named: Readonly<Record<string, Schema>>): unknown {
  if ('example' in schema) return schema.example
  if (schema.$ref !== undefined) return exampleOf(named[schema.$ref.split('/').at(-1) ?? ''] ?? {}, named)
  if ('const' in schema) return schema.const
  if (schema.enum) return schema.enum[0]
  const choice = (schema.oneOf ?? schema.anyOf)?.find(({ type }) => type !== 'null')
  if (choice) return exampleOf(choice, named)
  if (schema.properties) return exampleObject(schema, named)
  if (schema.items) return [exampleOf(schema.items, named)]
  if ('default' in schema) return schema.default
  return missingExample
}

function exampleObject({ properties = {}, required = [] }: Schema, named: Readonly<Record<string, Schema>>): Record<string, unknown> {
  const shown = Object.entries(properties).filter(([name, member]) => required.includes(name) || 'example' in member)
  return Object.fromEntries(shown.map(([name, member]) => [name, exampleOf(member, named)]))
}

type Content = { schema?: Schema; example?: unknown; examples?: Readonly<Record<string, { readonly value: unknown }>> }
type Spoken = {
  readonly $ref?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, Content>>
}
export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly 'x-summary-zh': string
  readonly tags: readonly string[]
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
  readonly parameters?: ReadonlyArray<{
    readonly $ref?: string
    readonly name?: string
    readonly in?: string
    readonly required?: boolean
    readonly schema?: Schema
    readonly example?: unknown
  }>
  readonly requestBody?: Spoken
  readonly responses: Readonly<Record<string, Spoken>>
}
type Operations = Readonly<Record<string, Readonly<Record<string, Operation>>>>
/** The document as plain JSON. */
export type Document = {
  readonly openapi: string
  readonly servers: ReadonlyArray<{ readonly url: string }>
  readonly tags: ReadonlyArray<{ readonly name: string }>
  readonly paths: Operations
  readonly webhooks: Operations
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly responses: Readonly<Record<string, Spoken>> }
}

/** Gives every body of a document that has a schema and no example yet the one its schema makes. */
export function addExamples({ paths, webhooks, components }: Document): void {
  const named = components.schemas
  const operations = [...Object.values(paths), ...Object.values(webhooks)].flatMap((methods) => Object.values(methods))
  for (const { requestBody, responses } of operations)
    for (const { content = {} } of [requestBody ?? {}, ...Object.values(responses)])
      for (const body of Object.values(content))
        if (body.schema && body.example === undefined && body.examples === undefined) body.example = exampleOf(body.schema, named)
}
